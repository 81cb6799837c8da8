-- Eligible stays without a liaison letter in the DMP, and why: no letter, never sent, refused,
-- late, replaced or deleted since.
WITH missing AS (
  SELECT * FROM eligible_stay AS s
  WHERE (s.period, s.stay_id) NOT IN (
    SELECT (e.period, e.stay_id) FROM eligible_stay AS e
    JOIN active_deposit AS d USING (period, file_id)
    WHERE d.type = 'LDL' AND d.first_at < e.left_at + INTERVAL 30 DAY)
), letter AS (
  SELECT DISTINCT stay_id AS file_id, unique_id FROM document WHERE type = 'LDL'
), sent AS (
  SELECT * FROM sent_document WHERE transaction = 'TD2.1'
)
SELECT m.finess_ej, m.period, m.stay_id AS subject,
  CASE
    WHEN count(l.unique_id) = 0 THEN 'no_document'
    WHEN count(s.exchange_id) = 0 THEN 'not_sent'
    WHEN count(a.unique_id) > 0 AND bool_or(a.type = 'LDL') THEN 'late'
    WHEN count(a.unique_id) > 0 THEN 'other_type'
    WHEN bool_or(s.outcome = 'accepted') THEN 'deleted'
    ELSE 'refused'
  END AS why,
  CASE
    WHEN count(l.unique_id) = 0 THEN ''
    WHEN count(s.exchange_id) > 0
      THEN coalesce(string_agg(DISTINCT s.codes ->> '$[0]', ', ' ORDER BY s.codes ->> '$[0]'), '')
    WHEN any_value(f.ins_status) = 'provisional' THEN 'INS provisoire'
    WHEN any_value(f.ins_status) = 'retrieved' THEN 'INS récupérée'
    WHEN any_value(f.ins_status) = 'validated' THEN 'INS validée'
    ELSE ''
  END AS detail,
  coalesce(list_sort(list(DISTINCT s.exchange_id) FILTER (s.exchange_id IS NOT NULL)), [])
    AS exchanges
FROM missing AS m
LEFT JOIN letter AS l USING (file_id)
LEFT JOIN sent AS s ON s.unique_id = l.unique_id
LEFT JOIN active_deposit AS a ON a.period = m.period AND a.unique_id = l.unique_id
LEFT JOIN stay AS f ON f.stay_id = m.file_id
GROUP BY m.finess_ej, m.period, m.stay_id
