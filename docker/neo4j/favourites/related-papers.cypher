// Papers related to a paper
// Part of its title goes between the quotes; without one it is the paper with most relatives.
WITH '' AS part
MATCH (p:Paper)-[r:RELATED_TO]-(:Paper)
WHERE toLower(p.title) CONTAINS toLower(part)
WITH p, count(r) AS relatives
ORDER BY relatives DESC, p.id
LIMIT 1
MATCH (p)-[r:RELATED_TO]-(q:Paper)
RETURN p, r, q
ORDER BY r.weight DESC, q.id
LIMIT 15
