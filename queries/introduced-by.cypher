// What a paper introduces as new, with the sentence that says so.
//
// title: glob = "*" - the paper's title or id
// limit: int = 50 - most rows
MATCH (p:Paper)-[r:INTRODUCES]->(e:Entity)
WHERE p.title =~ $title OR p.id =~ $title
RETURN e.name AS introduced, [l IN labels(e) WHERE l <> 'Entity'][0] AS label, r.score AS score,
       r.sentences[0] AS sentence, p.title AS paper, p.id AS id
ORDER BY coalesce(p.published, '') DESC, id, score DESC, introduced, e.id
LIMIT $limit
