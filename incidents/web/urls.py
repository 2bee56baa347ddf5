"""The addresses of the incidents' pages."""

from django.urls import path

from incidents.web import acts, editing, listing, rules, sources, views

app_name = "incidents"
urlpatterns = [
    path("incidents/", listing.incident_list, name="incident_list"),
    path("incidents/open/", editing.incident_open, name="incident_open"),
    path("incidents/sources/", sources.source_list, name="source_list"),
    path("incidents/sources/new/", sources.source_new, name="source_new"),
    path("incidents/sources/<uuid:pk>/", sources.source_detail, name="source_detail"),
    path("incidents/sources/<uuid:pk>/mapping/", sources.source_mapping, name="source_mapping"),
    path("incidents/sources/<uuid:pk>/rotate/", sources.source_rotate, name="source_rotate"),
    path(
        "incidents/sources/<uuid:pk>/end-previous/",
        sources.source_end_previous,
        name="source_end_previous",
    ),
    path("incidents/sources/<uuid:pk>/switch/", sources.source_switch, name="source_switch"),
    path("incidents/sources/<uuid:pk>/delete/", sources.source_delete, name="source_delete"),
    path("incidents/<uuid:pk>/", views.incident_detail, name="incident_detail"),
    path("incidents/<uuid:pk>/state/", views.incident_state, name="incident_state"),
    path("incidents/<uuid:pk>/edit/", editing.incident_edit, name="incident_edit"),
    path(
        "incidents/<uuid:pk>/acknowledge/", acts.incident_acknowledge, name="incident_acknowledge"
    ),
    path("incidents/<uuid:pk>/resolve/", acts.incident_resolve, name="incident_resolve"),
    path("incidents/<uuid:pk>/reopen/", acts.incident_reopen, name="incident_reopen"),
    path("incidents/<uuid:pk>/take/", acts.incident_take, name="incident_take"),
    path("incidents/<uuid:pk>/note/", acts.incident_note, name="incident_note"),
    path("incidents/<uuid:pk>/link/", acts.incident_link, name="incident_link"),
    path("incidents/<uuid:pk>/alias/", acts.incident_alias, name="incident_alias"),
    path("incidents/<uuid:pk>/run/", views.incident_run, name="incident_run"),
    path("incidents/<uuid:pk>/rules/<uuid:rule_pk>/start/", rules.rule_start, name="incident_rule"),
    path("rules/", rules.rule_list, name="rule_list"),
    path("rules/new/", rules.rule_new, name="rule_new"),
    path("rules/<uuid:pk>/", rules.rule_detail, name="rule_detail"),
    path("rules/<uuid:pk>/edit/", rules.rule_edit, name="rule_edit"),
    path("rules/<uuid:pk>/mode/", rules.rule_mode, name="rule_mode"),
    path("rules/<uuid:pk>/delete/", rules.rule_delete, name="rule_delete"),
    path("rules/<uuid:pk>/rearm/", rules.rule_rearm, name="rule_rearm"),
]
