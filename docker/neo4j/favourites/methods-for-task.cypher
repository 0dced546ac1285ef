// Methods for a task
// Part of its name goes between the quotes; without one it is the task with most methods.
WITH '' AS part
MATCH (m:Method)-[r:APPLIED_TO]->(t:Concept)
WHERE toLower(t.name) CONTAINS toLower(part)
WITH t, count(r) AS methods
ORDER BY methods DESC, t.id
LIMIT 1
MATCH (t)<-[r:APPLIED_TO]-(m:Method)
OPTIONAL MATCH (m)<-[s:INTRODUCES]-(p:Paper)
RETURN t, r, m, s, p
ORDER BY r.support DESC, r.score DESC, m.id
LIMIT 25
