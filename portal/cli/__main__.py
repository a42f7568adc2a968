"""`python -m portal.cli`: the command from a checkout where it is not installed. Owns nothing else."""

from . import main

if __name__ == "__main__":
    main()
