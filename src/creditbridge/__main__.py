"""`python -m creditbridge` is the command `creditbridge`."""

from creditbridge.cli import main

main()
