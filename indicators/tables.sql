-- The tables that measures stand on, from those of a run (stay, document, exchange, …) and from
-- ``period`` (period, starts_at, ends_at): one row a kind of window. All instants are in UTC.
-- Source of the rules: indicator catalogue.

-- Types of document by their code on the wire (LOINC).
CREATE OR REPLACE TEMP TABLE document_type AS
SELECT * FROM (VALUES
  ('11490-0', 'LDL'), ('34112-3', 'CRH'), ('57833-6', 'ORD'), ('34874-8', 'CRO'),
  ('11502-2', 'CR_BIO'), ('18748-4', 'CR_IMG'), ('11488-4', 'CR_CONS')
) AS t (type_code, type);

-- Transactions that programmes count, and the one each counts as. They count documents fed: what
-- comes by FHIR (PDSm) counts like its sister, though no text confirms it yet; a row less, and it
-- no longer does.
CREATE OR REPLACE TEMP TABLE counted_transaction AS
SELECT * FROM (VALUES
  ('TD2.1', 'TD2.1'), ('ITI-65', 'TD2.1'), ('ITI-105', 'TD2.1'),
  ('TD3.3c', 'TD3.3c'), ('PDSM.PATCH', 'TD3.3c'),
  ('SMTP.DATA', 'SMTP.DATA')
) AS t (transaction, counts_as);

-- File numbers (PID-18) that count, and the stay each counts as: itself; or, for sessions, the
-- last of at least three of one patient in one legal entity within four months.
CREATE OR REPLACE TEMP TABLE counted_stay AS
WITH kept AS (
  SELECT *, left_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Paris' AS local
  FROM stay
  WHERE pmsi_ok AND exit NOT IN ('death', 'mutation')
), sessions AS (
  SELECT finess_ej, stay_id AS file_id, arg_max(stay_id, left_at) OVER grouped AS stay_id,
    max(left_at) OVER grouped AS left_at, count(*) OVER grouped AS sessions
  FROM kept
  WHERE mode = 'session'
  WINDOW grouped AS (
    PARTITION BY finess_ej, patient_id, year(local), (month(local) - 1) // 4
  )
)
SELECT finess_ej, stay_id AS file_id, stay_id, left_at FROM kept WHERE mode <> 'session'
UNION ALL
SELECT finess_ej, file_id, stay_id, left_at FROM sessions WHERE sessions >= 3;

-- Eligible stays: those that left in the period.
CREATE OR REPLACE TEMP TABLE eligible_stay AS
SELECT p.period, s.finess_ej, s.file_id, s.stay_id, s.left_at
FROM counted_stay AS s
JOIN period AS p ON s.left_at >= p.starts_at AND s.left_at < p.ends_at;

-- Documents named in what was sent to the DMP or by MSSanté, whatever the outcome.
CREATE OR REPLACE TEMP TABLE sent_document AS
WITH named AS (
  SELECT id AS exchange_id, finess AS finess_ej, outcome, codes, facts,
    counts_as AS transaction, stated_at AS sent_at,
    unnest(from_json(facts -> '$.documents',
      '[{"unique_id": "VARCHAR", "type_code": "VARCHAR", "ins_qualified": "BOOLEAN",
         "replaces": "VARCHAR"}]')) AS d
  FROM exchange JOIN counted_transaction USING (transaction)
  WHERE counts_as IN ('TD2.1', 'SMTP.DATA')
)
SELECT n.exchange_id, n.finess_ej, n.transaction, n.outcome, n.codes, n.facts, n.sent_at,
  n.d.unique_id AS unique_id, t.type, coalesce(n.d.ins_qualified, false) AS ins_qualified,
  n.d.replaces AS replaces, x.stay_id AS file_id,
  coalesce(x.set_id, n.d.replaces, n.d.unique_id) AS set_id
FROM named AS n
LEFT JOIN document_type AS t ON t.type_code = n.d.type_code
LEFT JOIN document AS x ON x.unique_id = n.d.unique_id;

-- Documents deleted from the DMP; of patches, those whose facts tell so.
CREATE OR REPLACE TEMP TABLE deletion AS
SELECT stated_at AS deleted_at, unnest(from_json(facts -> '$.deleted', '["VARCHAR"]')) AS unique_id
FROM exchange JOIN counted_transaction USING (transaction)
WHERE counts_as = 'TD3.3c' AND outcome = 'accepted';

-- Deposits accepted and, when the period closes, neither replaced nor deleted. ``first_at``: when
-- the first version of the document was accepted.
CREATE OR REPLACE TEMP TABLE active_deposit AS
WITH accepted AS (
  SELECT p.period, p.ends_at, d.*, d.sent_at AS deposited_at,
    min(d.sent_at) OVER (PARTITION BY p.period, d.set_id) AS first_at
  FROM sent_document AS d CROSS JOIN period AS p
  WHERE d.transaction = 'TD2.1' AND d.outcome = 'accepted'
)
SELECT a.period, a.finess_ej, a.exchange_id, a.unique_id, a.set_id, a.type, a.file_id,
  a.ins_qualified, a.deposited_at, a.first_at
FROM accepted AS a
WHERE NOT EXISTS (
    SELECT 1 FROM accepted AS later
    WHERE later.period = a.period AND later.replaces = a.unique_id AND later.sent_at < a.ends_at)
  AND NOT EXISTS (
    SELECT 1 FROM deletion AS x
    WHERE x.unique_id = a.unique_id AND x.deleted_at >= a.deposited_at
      AND x.deleted_at < a.ends_at);

-- Attempts to deposit that were answered: a cut connection gives no answer, a bug is the bench's.
CREATE OR REPLACE TEMP TABLE deposit_try AS
SELECT id AS exchange_id, finess AS finess_ej, stated_at AS tried_at, outcome, codes,
  outcome <> 'accepted' AS is_rejected
FROM exchange JOIN counted_transaction USING (transaction)
WHERE counts_as = 'TD2.1' AND outcome <> 'bug'
  AND NOT (outcome = 'injected' AND codes ->> '$[0]' = 'cut');

-- Documents mailed and accepted, one row a recipient; kind: pro or citizen; status: delivered or
-- bounced.
CREATE OR REPLACE TEMP TABLE mailed_document AS
WITH addressed AS (
  SELECT *, unnest(from_json(facts -> '$.to',
    '[{"address": "VARCHAR", "kind": "VARCHAR", "status": "VARCHAR"}]')) AS r
  FROM sent_document
  WHERE transaction = 'SMTP.DATA' AND outcome = 'accepted'
)
SELECT exchange_id, finess_ej, unique_id, type, file_id, sent_at AS mailed_at,
  r.address AS address, r.kind AS kind, r.status AS status
FROM addressed;

-- Share of the deliveries a run says were taken that the journals hold too.
CREATE OR REPLACE TEMP TABLE completeness AS
WITH told AS (
  SELECT finess_ej, transaction, count(*) AS deliveries
  FROM delivery WHERE outcome = 'delivered' GROUP BY ALL
), held AS (
  SELECT finess AS finess_ej, transaction, count(*) AS lines
  FROM exchange WHERE outcome = 'accepted' GROUP BY ALL
)
SELECT finess_ej, coalesce(counts_as, transaction) AS transaction,
  sum(deliveries) AS deliveries, sum(least(deliveries, coalesce(lines, 0))) AS held
FROM told LEFT JOIN held USING (finess_ej, transaction)
  LEFT JOIN counted_transaction USING (transaction)
GROUP BY ALL;

-- Published mailboxes: those of the run, and those created over the API and not deleted since.
CREATE OR REPLACE TEMP TABLE published_mailbox AS
WITH asked AS (
  SELECT finess, stated_at, facts -> '$.mailbox' AS box
  FROM exchange
  WHERE transaction = 'API.MAILBOX' AND outcome = 'accepted'
), created AS (
  SELECT finess AS finess_ej, box ->> '$.address' AS address, box ->> '$.kind' AS kind, stated_at
  FROM asked WHERE box ->> '$.kind' IS NOT NULL
)
SELECT finess_ej, address, kind FROM mailbox
UNION
SELECT finess_ej, address, kind
FROM created AS c
WHERE NOT EXISTS (
  SELECT 1 FROM asked AS d
  WHERE d.box ->> '$.kind' IS NULL AND d.box ->> '$.address' = c.address
    AND d.stated_at >= c.stated_at);
