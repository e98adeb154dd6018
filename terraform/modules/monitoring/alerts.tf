locals {
  _channels = [for channel in google_monitoring_notification_channel.emails : channel.name]
  _metrics  = { for key, name in time_sleep.metrics.triggers : key => "metric.type=\"logging.googleapis.com/user/${name}\" AND resource.type=\"cloud_run_revision\"" }
}

locals {
  _monitored = {
    for part, sources in local._source_parts : part => "metric.label.source=one_of(${join(",", [for source in sources : "\"${source}\""])})"
  }
  # What follows the name of an alert with several policies.
  _part_names = {
    for kind, parts in { jobs = local._job_parts, queries = local._query_parts, sources = local._source_parts } : kind => {
      for part in keys(parts) : part => length(parts) == 1 ? "" : " (${part} of ${length(parts)})"
    }
  }

  # Metrics as PromQL names them: docs.cloud.google.com/monitoring/promql/promql-mapping
  _promql = { for key, name in time_sleep.metrics.triggers : key => "logging_googleapis_com:user_${replace(name, "-", "_")}" }
  _selectors = {
    for part, sources in local._query_parts : part => concat(
      part == "1" ? ["${local._promql["sweeps"]}{monitored_resource=\"cloud_run_revision\"}"] : [],
      [for source in sources : "${local._promql["reports"]}{monitored_resource=\"cloud_run_revision\",source=\"${source}\"}"],
    )
  }
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
  for_each = local.transfer_jobs

  project               = var.project_id
  display_name          = "${var.prefix}: transfer failed${local._part_names.jobs[each.key]}"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "ERROR"
  user_labels           = var.labels

  conditions {
    display_name = "Storage Transfer reports errors"
    condition_threshold {
      filter          = "metric.type=\"storagetransfer.googleapis.com/transferjob/error_count\" AND ${each.value}"
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
  for_each = local._monitored

  project               = var.project_id
  display_name          = "${var.prefix}: nothing loaded for ${var.freshness_hours} hours${local._part_names.sources[each.key]}"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "WARNING"
  user_labels           = var.labels

  conditions {
    display_name = "The newest load of a source is too old"
    condition_threshold {
      filter          = "${local._metrics["age"]} AND ${each.value}"
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

  # Without sweeps, no age is reported and the condition above cannot fire. Both conditions below need a point in the
  # past; the policy "silent" does not. They compare with a number, because a counter may be reported as zero.
  dynamic "conditions" {
    for_each = each.key == "1" ? ["No sweep finished for four hours"] : []
    content {
      display_name = conditions.value
      condition_threshold {
        filter                  = local._metrics["sweeps"]
        comparison              = "COMPARISON_LT"
        threshold_value         = 1
        duration                = "60s" # evaluation_missing_data needs one
        evaluation_missing_data = "EVALUATION_MISSING_DATA_ACTIVE"
        aggregations {
          alignment_period     = "14400s"
          per_series_aligner   = "ALIGN_SUM"
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }
  }

  conditions {
    display_name = "The age of a source was not reported for four hours"
    condition_threshold {
      # It names the sources, so that a removed source is not missed.
      filter                  = "${local._metrics["reports"]} AND ${each.value}"
      comparison              = "COMPARISON_LT"
      threshold_value         = 1
      duration                = "60s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_ACTIVE"
      aggregations {
        alignment_period     = "14400s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.source"]
      }
    }
  }

  alert_strategy {
    auto_close = "604800s"
  }

  documentation {
    content   = "A source had no new load, or the sweep does not run or achieves nothing. Check in this order: Does the export still run on the provider's side? Did the transfer job copy anything? Does billing_status show a rejected or waiting delivery? Is the schedule enabled? What do the lines of the sweep say?"
    mime_type = "text/markdown"
  }
}

# Other conditions fire only if there was data once. In PromQL, data that never came is absent too.
resource "google_monitoring_alert_policy" "silent" {
  for_each = local._selectors

  project               = var.project_id
  display_name          = "${var.prefix}: the sweep never reported${local._part_names.queries[each.key]}"
  combiner              = "OR"
  notification_channels = local._channels
  severity              = "ERROR"
  user_labels           = var.labels

  conditions {
    display_name = "No sweep finished, or the age of a source was not reported, for four hours"
    condition_prometheus_query_language {
      # 90 minutes and 9000 seconds are four hours. After an apply, the first sweep has time to run.
      query                     = join(" or ", [for selector in each.value : "absent_over_time(${selector}[90m])"])
      duration                  = "9000s"
      evaluation_interval       = "300s"
      disable_metric_validation = true # there is no such metric before the first line
    }
  }

  alert_strategy {
    auto_close = "604800s"
  }

  documentation {
    content   = "No line of a sweep has arrived. Check in this order: Does the schedule exist, is it enabled, and does it run every hour (gcloud scheduler jobs describe)? Can it call the sweep (its log)? Does the function start (the function's log)? If only one source is named, its age cannot be found: look for lines about that source."
    mime_type = "text/markdown"
  }
}
