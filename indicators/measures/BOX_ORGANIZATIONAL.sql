-- BOX_ORGANIZATIONAL: published organisational mailboxes (BAL organisationnelles).
-- Source: indicator catalogue (dir.box) and §5, HOPEN-P4.2.
SELECT m.finess_ej, p.period, count(DISTINCT m.address) AS count
FROM published_mailbox AS m CROSS JOIN period AS p
WHERE m.kind = 'ORG'
GROUP BY m.finess_ej, p.period
