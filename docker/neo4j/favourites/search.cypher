// Search in titles and abstracts
// The words go between the quotes; ~ after a word allows for a misspelling, * ends a beginning.
CALL db.index.fulltext.queryNodes('paper_text', 'model* OR learn*') YIELD node, score
RETURN node.title AS paper, node.year AS year, score, node.id AS id
ORDER BY score DESC, id
LIMIT 20
