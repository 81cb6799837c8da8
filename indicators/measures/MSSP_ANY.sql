-- MSSP_ANY: documents delivered to the mailbox of a professional or an organization.
-- Source: indicator catalogue.
SELECT m.finess_ej, p.period, count(DISTINCT m.unique_id) AS count
FROM mailed_document AS m
JOIN period AS p ON m.mailed_at >= p.starts_at AND m.mailed_at < p.ends_at
WHERE m.kind = 'pro' AND m.status = 'delivered'
GROUP BY m.finess_ej, p.period
