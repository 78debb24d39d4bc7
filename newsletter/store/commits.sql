-- What `at_once` of commits.py compiles to for PostgreSQL; tests/store/test_commits.py compares the two, whatever
-- the spaces. All parts see the database as it was before the statement.

WITH
-- Who is on the wire after this commit: those already there, and of those who wait whoever is still a reader
-- while the issue is being sent. For EXISTS instead of IS NOT NULL, PostgreSQL may hash all readers first.
kept AS (
    SELECT wire.subscriber AS subscriber, wire.attempt AS attempt, wire.way AS way, wire.waiting AS waiting
    FROM json_to_recordset(CAST(%(_wire)s AS JSON)) AS wire(
        subscriber BIGINT, attempt INTEGER, way TEXT, waiting BOOLEAN
    )
    WHERE NOT wire.waiting
        OR (
            SELECT subscriber.id
            FROM subscriber
            WHERE subscriber.id = wire.subscriber
                AND subscriber.status = %(status_1)s::VARCHAR
                AND (EXISTS (
                    SELECT * FROM subscription
                    WHERE subscription.subscriber = subscriber.id
                        AND subscription.state = %(state_1)s::VARCHAR
                ))
        ) IS NOT NULL
        AND (EXISTS (
            SELECT issue.name FROM issue
            WHERE issue.name = %(_issue)s::VARCHAR AND issue.state = %(state_2)s::VARCHAR
        ))
),
-- Renew the lease and store who is on the wire; no row when another worker raised the epoch (fencing).
held AS (
    UPDATE chunk
    SET lease_until=%(_until)s,
        inflight=(
            SELECT coalesce(
                json_agg(json_build_array(kept.subscriber, kept.attempt, kept.way)), json_build_array()
            ) AS coalesce_1
            FROM kept
        )
    WHERE chunk.id = %(_chunk)s::BIGINT AND chunk.epoch = %(_epoch)s::INTEGER
    RETURNING chunk.id
),
-- Insert the outcomes since the last commit; a deferred one is replaced, a final one never.
entered AS (
    INSERT INTO delivery (issue, subscriber, state, attempt, code, detail, at, way)
    SELECT results.issue AS issue, results.subscriber AS subscriber, results.state AS state,
        results.attempt AS attempt, results.code AS code, results.detail AS detail, results.at AS at,
        results.way AS way
    FROM json_to_recordset(CAST(%(_results)s AS JSON)) AS results(
        issue TEXT, subscriber BIGINT, state TEXT, attempt INTEGER, code INTEGER, detail TEXT, at TEXT, way TEXT
    )
    WHERE EXISTS (SELECT held.id FROM held)
    ON CONFLICT (issue, subscriber) DO UPDATE
    SET state = excluded.state, attempt = excluded.attempt, code = excluded.code, detail = excluded.detail,
        at = excluded.at, way = excluded.way
    WHERE delivery.state = %(state_3)s::VARCHAR
),
-- Number the commit, so that its process notices a server that has lost it.
marked AS (
    INSERT INTO commit_mark (worker, number, at)
    VALUES (%(_worker)s::VARCHAR, %(_number)s::BIGINT, %(_marked_at)s)
    ON CONFLICT (worker) DO UPDATE SET number = excluded.number, at = excluded.at
)
SELECT kept.subscriber,
    EXISTS (
        SELECT issue.name FROM issue
        WHERE issue.name = %(_issue)s::VARCHAR AND issue.state = %(state_2)s::VARCHAR
    ) AS running
FROM held
LEFT OUTER JOIN kept ON kept.waiting
