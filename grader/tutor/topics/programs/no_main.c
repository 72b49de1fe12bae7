/* A function is there, but not main. */
int mian(void)
{
    return 0;
}
