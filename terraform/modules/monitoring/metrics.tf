resource "google_logging_metric" "counters" {
  for_each = local.counters

  project          = var.project_id
  name             = "${var.prefix}-${each.key}"
  description      = each.value.description
  filter           = each.value.filter
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
}

# Hours since a source's newest load (since its table was made, before the first), as the sweep says them once an hour.
# A count of loads cannot show this: Monitoring looks for something absent over 23.5 h at most, and never for what
# never was there.
resource "google_logging_metric" "age" {
  project          = var.project_id
  name             = "${var.prefix}-age"
  description      = "Hours since the newest load of a source"
  filter           = "${local._lines} AND jsonPayload.action=\"age\""
  value_extractor  = "EXTRACT(jsonPayload.age_hours)"
  label_extractors = { source = "EXTRACT(jsonPayload.source)" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "h"
    labels {
      key        = "source"
      value_type = "STRING"
    }
  }

  # An hour wide up to a week, so that a percentile is right to the hour.
  bucket_options {
    linear_buckets {
      num_finite_buckets = 170
      offset             = 0
      width              = 1
    }
  }
}

# A policy that names a metric of a moment ago is refused: 404 "Cannot find metric(s) that match type". The provider does
# not try again.
resource "time_sleep" "metrics" {
  create_duration = "120s"
  triggers        = { for key, metric in merge(google_logging_metric.counters, { age = google_logging_metric.age }) : key => metric.name }
}
