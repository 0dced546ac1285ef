// What a method is compared with
// Part of its name goes between the quotes; without one it is the one with most comparisons.
WITH '' AS part
MATCH (m:Method)
WHERE toLower(m.name) CONTAINS toLower(part)
WITH m, COUNT { (m)-[:OUTPERFORMS]-(:Entity) } AS stated, COUNT { (m)<-[:COMPARES_TO]-(:Paper) } AS papers
ORDER BY 3 * stated + papers DESC, m.id
LIMIT 1
MATCH (m)-[r:OUTPERFORMS|COMPARES_TO]-(n)
RETURN m, r, n
ORDER BY r.score DESC, n.id
LIMIT 25
