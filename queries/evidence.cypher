// The sentences that state an edge: from a paper to an entity, or between two entities.
//
// source: glob = "*" - a paper's title or id, or an entity's name or alias
// target: glob = "*" - an entity's name or alias
// limit: int = 50 - most rows
MATCH (b:Entity)
WHERE b.name =~ $target OR any(alias IN b.aliases WHERE alias =~ $target)
MATCH (a)-[r:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS|EVALUATED_ON|APPLIED_TO|BUILDS_ON|OUTPERFORMS|MEASURES|SUBTYPE_OF|PART_OF]->(b)
WHERE a.title =~ $source OR a.id =~ $source OR a.name =~ $source
   OR any(alias IN coalesce(a.aliases, []) WHERE alias =~ $source)
WITH a, r, b
ORDER BY r.score DESC, a.id, type(r), b.id
LIMIT $limit
// A sentence that names an entity twice counts once.
UNWIND [i IN range(0, size(r.sentences) - 1) WHERE NOT r.sentences[i] IN r.sentences[0..i]] AS i
RETURN coalesce(a.title, a.name) AS source, type(r) AS edge, b.name AS target,
       r.sentences[i] AS sentence, r.score AS score, coalesce(r.papers[i], a.id) AS paper
ORDER BY score DESC, a.id, edge, b.id, i
LIMIT $limit
