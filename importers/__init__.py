"""Files and feeds in: one module per format, one pipeline, one report."""
