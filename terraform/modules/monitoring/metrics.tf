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

# Hours since the newest load of a source. Before the first load, hours since its table was created. The sweep reports
# them once an hour. A count of loads could not show this: Monitoring detects absence over 23.5 h at most, and only if
# there was data before.
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

  # One bucket per hour up to a week, so a percentile is exact to the hour.
  bucket_options {
    linear_buckets {
      num_finite_buckets = 170
      offset             = 0
      width              = 1
    }
  }
}

# A policy on a new metric fails with 404 "Cannot find metric(s) that match type". The provider does not retry it.
resource "time_sleep" "metrics" {
  create_duration = "120s"
  triggers        = { for key, metric in merge(google_logging_metric.counters, { age = google_logging_metric.age }) : key => metric.name }
}
