"""Measures of the product: figures and ratios from one run, against baselines measured in the same run.

`python -m bench` prints them; nothing is asserted. `__main__` is the command line, `figures` the tables,
`ground` the scratch folders, ports and processes, `inside` runs a function within Django in a process of its
own, `catalogue` fills a scratch database; every other module is one part.
"""
