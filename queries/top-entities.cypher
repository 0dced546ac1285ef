// The entities that most papers name.
//
// label: glob = "*" - Method, Dataset, Benchmark or Concept
// kind: glob = "*" - of Concepts: task, metric or other
// limit: int = 20 - most rows
MATCH (e:Entity)
WHERE any(label IN labels(e) WHERE label <> 'Entity' AND label =~ $label)
  AND coalesce(e.kind, '') =~ $kind
RETURN e.name AS name, [l IN labels(e) WHERE l <> 'Entity'][0] AS label, e.kind AS kind,
       e.papers AS papers, e.first_year AS first_year, e.id AS id
ORDER BY papers DESC, name, id
LIMIT $limit
