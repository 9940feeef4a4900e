-- What release f1c0e06 kept on SQLite, interregional, after a few requests of synthetic people (sqlite.json).

CREATE TABLE "block" ( "number" integer NOT NULL PRIMARY KEY, "first_position" integer NOT NULL, "last_position" integer NOT NULL, "root" varchar NOT NULL, "previous" varchar NOT NULL, "hash" varchar NOT NULL, "sealed_at" integer NOT NULL );
CREATE TABLE "event" ( "event_id" varchar NOT NULL PRIMARY KEY, "area" varchar NOT NULL, "kind" varchar NOT NULL, "subject" varchar NOT NULL, "facts" varchar NOT NULL, "occurred_at" integer NOT NULL, "position" integer NULL );
CREATE TABLE "participant" ( "area" varchar NOT NULL, "participant_id" varchar NOT NULL, "region" varchar NOT NULL, "name" varchar NOT NULL, "from_day" varchar NOT NULL, "withdrawn_at" integer NULL, PRIMARY KEY ("area", "participant_id") );
CREATE TABLE "request_key" ( "area" varchar NOT NULL, "caller" varchar NOT NULL, "method" varchar NOT NULL, "request_id" varchar NOT NULL, "origin" varchar NOT NULL, "state" smallint NOT NULL, "subject" text NULL, "refusal" text NULL, "recorded_at" integer NOT NULL, PRIMARY KEY ("area", "caller", "method", "request_id") );
CREATE TABLE "seaql_migrations" ( "version" varchar NOT NULL PRIMARY KEY, "applied_at" integer NOT NULL );
INSERT INTO "seaql_migrations" VALUES('m0001_common_tables',1795414520);
INSERT INTO "seaql_migrations" VALUES('m0101_participants',1795414520);
CREATE UNIQUE INDEX "event_position" ON "event" ("position");
CREATE INDEX event_waiting ON event (event_id) WHERE position IS NULL;
CREATE UNIQUE INDEX participant_region ON participant (area, region) WHERE withdrawn_at IS NULL;
