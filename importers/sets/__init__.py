"""Sets of files that belong together (a whole network): found by name and columns, staged, and handed to their app."""
