"""`python -m p1harvester` is the command `p1harvester`."""

from p1harvester.cli import main

if __name__ == "__main__":
    main()
