-- The mails behind MSSP_ANY.
SELECT m.finess_ej, p.period, m.exchange_id, m.unique_id AS subject
FROM mailed_document AS m
JOIN period AS p ON m.mailed_at >= p.starts_at AND m.mailed_at < p.ends_at
WHERE m.kind = 'pro' AND m.status = 'delivered'
