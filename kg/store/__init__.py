"""Where a graph is kept: the files of record, and what is loaded from them."""
