-- Eligible stays whose liaison letter reached no professional, and why: no letter, never mailed,
-- refused, bounced, sent to the patient only, late.
WITH missing AS (
  SELECT * FROM eligible_stay AS s
  WHERE (s.period, s.stay_id) NOT IN (
    SELECT (e.period, e.stay_id) FROM eligible_stay AS e
    JOIN mailed_document AS d USING (file_id)
    WHERE d.type = 'LDL' AND d.kind = 'pro' AND d.status = 'delivered'
      AND d.mailed_at < e.left_at + INTERVAL 30 DAY)
), letter AS (
  SELECT DISTINCT stay_id AS file_id, unique_id FROM document WHERE type = 'LDL'
), sent AS (
  SELECT * FROM sent_document WHERE transaction = 'SMTP.DATA'
)
SELECT m.finess_ej, m.period, m.stay_id AS subject,
  CASE
    WHEN count(l.unique_id) = 0 THEN 'no_document'
    WHEN count(s.exchange_id) = 0 THEN 'not_sent'
    WHEN bool_or(a.kind = 'pro' AND a.status = 'delivered' AND a.type = 'LDL') THEN 'late'
    WHEN bool_or(a.kind = 'pro' AND a.status = 'delivered') THEN 'other_type'
    WHEN bool_or(a.kind = 'pro') THEN 'bounced'
    WHEN count(a.exchange_id) > 0 THEN 'citizen_only'
    ELSE 'refused'
  END AS why,
  coalesce(string_agg(DISTINCT s.codes ->> '$[0]', ', ' ORDER BY s.codes ->> '$[0]'), '')
    AS detail,
  coalesce(list_sort(list(DISTINCT s.exchange_id) FILTER (s.exchange_id IS NOT NULL)), [])
    AS exchanges
FROM missing AS m
LEFT JOIN letter AS l USING (file_id)
LEFT JOIN sent AS s ON s.unique_id = l.unique_id
LEFT JOIN mailed_document AS a ON a.unique_id = l.unique_id AND a.exchange_id = s.exchange_id
GROUP BY m.finess_ej, m.period, m.stay_id
