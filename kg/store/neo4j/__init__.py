"""A graph in Neo4j: loading it, keeping it in step, asking it over Bolt."""
