locals {
  _channels = [for channel in google_monitoring_notification_channel.emails : channel.name]
  _metrics  = { for key, name in time_sleep.metrics.triggers : key => "metric.type=\"logging.googleapis.com/user/${name}\" AND resource.type=\"cloud_run_revision\"" }
}

resource "google_monitoring_alert_policy" "lines" {
  for_each = local.log_alerts

  project               = var.project_id
  display_name          = "${var.prefix}: ${each.value.display_name}"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = each.value.severity
  user_labels           = var.labels

  conditions {
    display_name = each.value.display_name
    condition_matched_log {
      filter           = each.value.filter
      label_extractors = each.value.labels
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "3600s" # a setup error is logged again by every sweep
    }
  }

  documentation {
    content   = each.value.content
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "transfer" {
  project               = var.project_id
  display_name          = "${var.prefix}: transfer failed"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "ERROR"
  user_labels           = var.labels

  conditions {
    display_name = "Storage Transfer reports errors"
    condition_threshold {
      filter          = "metric.type=\"storagetransfer.googleapis.com/transferjob/error_count\" AND ${local.transfer_jobs}"
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "3600s" # the jobs run once an hour
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.job_id", "metric.label.code"]
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = "A transfer job could not list or copy an object. Common reasons: an expired SAS token, a role that no longer trusts Google, a changed bucket policy, a storage firewall. The job's page and its log (resource.type=\"storage_transfer_job\") name the object and the reason. Loaded data stays. The next run copies what is missing."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "waiting" {
  project               = var.project_id
  display_name          = "${var.prefix}: delivery incomplete for hours"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "WARNING"
  user_labels           = var.labels

  # An alert on a metric, not on log lines: the sweep logs a warning every hour, and this makes one incident, which
  # closes when the warnings end.
  conditions {
    display_name = "A delivery waits for files for more than six hours"
    condition_threshold {
      filter          = local._metrics["waits"]
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "7200s" # two sweeps
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.source"]
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = "A manifest names files that have not arrived, or files have arrived without their manifest. billing_status and the log line with code WAITING_LONG name them. Check the transfer job first, then the export on the provider's side."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "freshness" {
  project               = var.project_id
  display_name          = "${var.prefix}: nothing loaded for ${var.freshness_hours} hours"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "WARNING"
  user_labels           = var.labels

  conditions {
    display_name = "The newest load of a source is too old"
    condition_threshold {
      filter          = local._metrics["age"]
      comparison      = "COMPARISON_GT"
      threshold_value = var.freshness_hours
      duration        = "0s"
      aggregations {
        alignment_period     = "7200s" # two sweeps, so a late one leaves no gap
        per_series_aligner   = "ALIGN_PERCENTILE_99"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["metric.label.source"]
      }
    }
  }

  # Without sweeps, no age is reported and the condition above cannot fire. Monitoring accepts at most 84600 s here.
  conditions {
    display_name = "No sweep finished for four hours"
    condition_absent {
      filter   = local._metrics["sweeps"]
      duration = "14400s"
      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "604800s"
  }

  documentation {
    content   = "A source had no new load, or the sweep does not run. Check in this order: Does the export still run on the provider's side? Did the transfer job copy anything? Does billing_status show a rejected or waiting delivery? Is the schedule enabled?"
    mime_type = "text/markdown"
  }
}
