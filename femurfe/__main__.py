"""Run the command line: ``python -m femurfe``."""

from femurfe.cli import main

if __name__ == "__main__":
    main()
