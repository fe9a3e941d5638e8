"""The pictures of the documentation: `python -m tests.pictures` draws them all anew, `... actions` the drawings alone."""
