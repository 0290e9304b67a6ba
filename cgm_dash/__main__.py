"""`python -m cgm_dash` is the command `cgm-dash`."""

import sys

from cgm_dash.cli import main

if __name__ == "__main__":
    sys.exit(main())
