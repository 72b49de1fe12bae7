/* It computes, and nothing is ever the same twice. */
int main(void)
{
    volatile unsigned long number = 0;
    for (;;)
        number++;
}
