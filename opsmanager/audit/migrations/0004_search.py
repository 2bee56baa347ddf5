"""Search in texts by their words, and an index for each way in which the trail is asked for.

Other apps use the functions, too. Adding the column writes the table anew, during which nothing is
recorded: the database computes it, so that nobody can write it, and that leaves no way to fill it
little by little. The indexes are made while events are recorded.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from opsmanager.common.indexes import AddIndexToPartitions
from opsmanager.common.search import Words, add_words

WORDS = """
CREATE OR REPLACE FUNCTION search_words(given text) RETURNS tsvector LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    -- All that is no letter or digit parts words; a path or a host name is several.
    RETURN to_tsvector('pg_catalog.simple',
        regexp_replace(left(given, 20000), '[^[:alnum:]]+', ' ', 'g'));
END $$;

CREATE OR REPLACE FUNCTION search_query(term text) RETURNS tsquery LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    words text := btrim(regexp_replace(left(term, 200), '[^[:alnum:]]+', ' ', 'g'));
BEGIN
    -- NULL, which matches nothing, where no word is left.
    RETURN CASE WHEN words <> ''
                THEN to_tsquery('pg_catalog.simple', replace(words, ' ', ' <-> ') || ':*') END;
END $$;
"""
UNWORDS = "DROP FUNCTION search_query(text); DROP FUNCTION search_words(text);"


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_chain")]

    atomic = False

    operations = [
        migrations.RunSQL(WORDS, UNWORDS),
        migrations.RunSQL(
            *add_words(
                "audit_auditevent", "verb", "actor_name", "target_name", "target_id", "message"
            )
        ),
        AddIndexToPartitions(
            model_name="auditevent",
            index=GinIndex(
                Words(),
                name="audit_words",
            ),
        ),
        AddIndexToPartitions(
            model_name="auditevent",
            index=models.Index("verb", "seq", name="audit_verb_seq"),
        ),
        migrations.RemoveIndex(model_name="auditevent", name="audit_verb"),
        AddIndexToPartitions(
            model_name="auditevent",
            index=models.Index("actor_name", "seq", name="audit_actor_name"),
        ),
        AddIndexToPartitions(
            model_name="auditevent",
            index=models.Index("outcome", "seq", name="audit_outcome"),
        ),
        AddIndexToPartitions(
            model_name="auditevent",
            index=models.Index("address", "seq", name="audit_address"),
        ),
    ]
