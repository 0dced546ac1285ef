"""The graph as RDF: rows of its files to triples, to files in any syntax, and back."""
