/* It doesn't compile. */
int main(void)
{
    retrun 0;
}
