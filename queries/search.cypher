// Papers and entities whose words match: titles and abstracts, names and aliases.
// Scores are relative to the best paper, and to the best entity.
//
// text: words - words, "phrases" and beginnings* of words
// label: glob = "*" - Paper, Method, Dataset, Benchmark or Concept
// limit: int = 20 - most rows
CALL () {
  CALL db.index.fulltext.queryNodes('paper_text', $text) YIELD node, score
  WITH collect({node: node, score: score}) AS found, max(score) AS best
  UNWIND found AS one
  RETURN one.node AS node, one.score / best AS score
  UNION ALL
  CALL db.index.fulltext.queryNodes('entity_text', $text) YIELD node, score
  WITH collect({node: node, score: score}) AS found, max(score) AS best
  UNWIND found AS one
  RETURN one.node AS node, one.score / best AS score
}
WITH node, score, [l IN labels(node) WHERE l <> 'Entity'][0] AS label
WHERE label =~ $label
RETURN coalesce(node.title, node.name) AS found, label, node.id AS id, score
ORDER BY score DESC, id
LIMIT $limit
