// Papers and entities whose words match: titles and abstracts, names and aliases.
//
// text: words - words, "phrases" and beginnings* of words
// limit: int = 20 - most rows
CALL () {
  CALL db.index.fulltext.queryNodes('paper_text', $text) YIELD node, score
  RETURN node, score
  UNION ALL
  CALL db.index.fulltext.queryNodes('entity_text', $text) YIELD node, score
  RETURN node, score
}
RETURN coalesce(node.title, node.name) AS found, [l IN labels(node) WHERE l <> 'Entity'][0] AS label,
       node.id AS id, score
ORDER BY score DESC, id
LIMIT $limit
