"""A whole installation under writes whose parts are killed: what it answered is there, and nothing is half done."""
