"""Whole networks from elsewhere: what the tables are, how they become nodes, segments, ducts, cables and joints."""
