"""Fields dressed for the pages."""

from django import forms

from opsmanager.common.templatetags import fields


class Sample(forms.Form):
    name = forms.CharField(help_text="As people call it")
    seconds = forms.IntegerField(required=False)
    zone = forms.CharField(required=False, widget=forms.TextInput({"data-unit": "m", "class": "x"}))
    kind = forms.ChoiceField(choices=[("a", "A")], required=False)
    text = forms.CharField(required=False, widget=forms.Textarea)
    keep = forms.BooleanField(required=False)


def test_each_kind_of_field_gets_its_class() -> None:
    form = Sample()
    assert 'class="form-control"' in fields.control(form["name"])
    assert 'class="form-control x"' in fields.control(form["zone"])
    assert 'class="form-select"' in fields.control(form["kind"])
    assert 'class="form-control font-monospace"' in fields.control(form["text"])
    assert 'class="form-check-input"' in fields.control(form["keep"])


def test_a_field_with_errors_says_so_to_eyes_and_to_screen_readers() -> None:
    html = fields.control(Sample({})["name"])
    assert "is-invalid" in html
    assert 'aria-invalid="true"' in html
    assert "id_name_error" in html


def test_further_attributes_are_added_and_empty_ones_left_out() -> None:
    html = fields.control(Sample()["name"], autocomplete="off", autofocus="")
    assert 'autocomplete="off"' in html
    assert "autofocus" not in html


def test_the_unit_comes_from_the_field_or_from_its_input() -> None:
    form = Sample()
    form.fields["seconds"].unit = "s"
    assert fields.unit(form["seconds"]) == "s"
    assert fields.unit(form["zone"]) == "m"
    assert fields.unit(form["name"]) == ""


def test_only_a_single_box_is_a_switch() -> None:
    form = Sample()
    assert fields.is_switch(form["keep"])
    assert not fields.is_switch(form["name"])
