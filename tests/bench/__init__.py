"""The benchmark: our figures and the peers' in one run, on one machine, with equal indexes, pools and workers.

`make bench` (or `python -m tests.bench --only tiles,features`) prints the table and writes docs/performance.json, from
which docs/performance.md is made. Figures are worth what their ratios say; the machine is named beside them.
"""
