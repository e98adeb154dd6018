# Metrics, alerts and the dashboard. tests/terraform/test_log_filters.py tests the filters on real log lines.

mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

variables {
  freshness_hours     = 36
  functions           = ["billing-sweep", "billing-load-aws"]
  notification_emails = ["finops@example.com", "platform@example.com"]
  prefix              = "billing"
  project_id          = "acme-billing"
  schedule            = "billing-sweep"
  sources             = ["aws_cur", "azure_focus"]
  transfer_jobs       = { aws_cur = "transferJobs/1", azure_focus = "transferJobs/2" }
}

run "alerts_and_dashboard" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = keys(google_monitoring_alert_policy.lines) == ["failed", "rejected", "review", "shrank"]
    error_message = "Expected four log alerts: ${jsonencode(keys(google_monitoring_alert_policy.lines))}."
  }
  assert {
    condition = local.dashboard.mosaicLayout.tiles[*].widget.title == [
      "Loads and rejections by source", "Hours since the newest load, by source", "Events by outcome",
      "Function errors and duration", "Bytes and files transferred", "Sweep findings",
    ]
    error_message = "Expected other tiles: ${jsonencode(local.dashboard.mosaicLayout.tiles[*].widget.title)}."
  }
  assert {
    condition = alltrue([
      for key, name in time_sleep.metrics.triggers :
      anytrue([for chart in flatten(local._tiles[*].charts) : strcontains(chart.filter, "/user/${name}\"")])
      || strcontains(google_monitoring_alert_policy.waiting.conditions[0].condition_threshold[0].filter, "/user/${name}\"")
      || anytrue([for condition in google_monitoring_alert_policy.freshness["1"].conditions : strcontains(condition.condition_threshold[0].filter, "/user/${name}\"")])
    ])
    error_message = "A metric is billed, but no tile and no alert uses it."
  }
  assert {
    condition = alltrue([
      for policy in concat(values(google_monitoring_alert_policy.lines), values(google_monitoring_alert_policy.freshness), values(google_monitoring_alert_policy.silent), values(google_monitoring_alert_policy.transfer), [google_monitoring_alert_policy.waiting]) :
      length(policy.notification_channels) == 2 && length(policy.documentation[0].content) > 80
    ])
    error_message = "An alert does not notify both addresses, or does not say what to do."
  }
  assert {
    condition     = alltrue([for channel in google_monitoring_notification_channel.emails : channel.force_delete])
    error_message = "Monitoring would reject the removal of an address that an alert uses."
  }
  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.lines : length(policy.conditions) == 1 && length(policy.alert_strategy[0].notification_rate_limit) == 1])
    error_message = "A log alert needs a policy with exactly one condition and a rate limit. Monitoring accepts no other."
  }
  assert {
    condition = alltrue([
      for metric in google_logging_metric.counters : join(" ", sort(keys(metric.label_extractors))) == join(" ", sort([for label in metric.metric_descriptor[0].labels : label.key]))
    ])
    error_message = "The labels and extractors of a metric have different keys. Logging rejects such a metric."
  }
  assert {
    condition = alltrue([
      for condition in slice(google_monitoring_alert_policy.freshness["1"].conditions, 1, 3) :
      condition.condition_threshold[0].evaluation_missing_data == "EVALUATION_MISSING_DATA_ACTIVE" && condition.condition_threshold[0].duration == "60s"
    ])
    error_message = "Monitoring treats missing data as a violation only if the duration is 60 s or more."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.freshness["1"].conditions[2].condition_threshold[0].filter, "metric.label.source=one_of(\"aws_cur\",\"azure_focus\")")
    error_message = "The condition must name the sources: a removed source would be missed for ever."
  }
  assert {
    condition = google_monitoring_alert_policy.silent["1"].conditions[0].condition_prometheus_query_language[0].query == join(" or ", [
      "absent_over_time(logging_googleapis_com:user_billing_sweeps{monitored_resource=\"cloud_run_revision\"}[90m])",
      "absent_over_time(logging_googleapis_com:user_billing_reports{monitored_resource=\"cloud_run_revision\",source=\"aws_cur\"}[90m])",
      "absent_over_time(logging_googleapis_com:user_billing_reports{monitored_resource=\"cloud_run_revision\",source=\"azure_focus\"}[90m])",
    ])
    error_message = "Expected another query: ${google_monitoring_alert_policy.silent["1"].conditions[0].condition_prometheus_query_language[0].query}."
  }
  assert {
    condition     = google_monitoring_alert_policy.freshness["1"].conditions[0].condition_threshold[0].threshold_value == 36
    error_message = "The threshold of the freshness alert is not freshness_hours."
  }
  assert {
    condition     = google_monitoring_alert_policy.transfer["1"].conditions[0].condition_threshold[0].filter == "metric.type=\"storagetransfer.googleapis.com/transferjob/error_count\" AND resource.type=\"storage_transfer_job\" AND resource.labels.job_id=monitoring.regex.full_match(\"(transferJobs/)?(1|2)\")"
    error_message = "The filter must match exactly the transfer jobs of this deployment: ${google_monitoring_alert_policy.transfer["1"].conditions[0].condition_threshold[0].filter}."
  }
  assert {
    condition     = length(regexall(":(0|\"\"|\\[\\]|\\{\\}|null|false)[,}]", jsonencode(local.dashboard))) == 0
    error_message = "The dashboard has zeros or empty values. Monitoring drops them, and Terraform would always show a difference."
  }
}

run "no_email_addresses" {
  module {
    source = "./modules/monitoring"
  }
  variables {
    notification_emails = []
  }

  assert {
    condition     = length(google_monitoring_notification_channel.emails) == 0 && length(google_monitoring_alert_policy.lines) == 4
    error_message = "Without an e-mail address there must still be four log alerts, and no channel."
  }
}

# Monitoring accepts 2,048 characters in a filter. Names and ids are as long as they can be.
run "three_hundred_sources" {
  module {
    source = "./modules/monitoring"
  }
  variables {
    prefix        = "cloud-billing-data"
    sources       = [for number in range(300) : "azure_${format("%030d", number)}"]
    transfer_jobs = merge([for number in range(300) : { for job in ["", "_daily"] : "azure_${format("%030d", number)}${job}" => "transferJobs/${format("%020d", number)}" }]...)
  }

  assert {
    condition = alltrue([
      for filter in concat(
        flatten([
          for policy in concat(values(google_monitoring_alert_policy.freshness), values(google_monitoring_alert_policy.transfer)) :
          [for condition in policy.conditions : condition.condition_threshold[0].filter]
        ]),
        [for policy in google_monitoring_alert_policy.silent : policy.conditions[0].condition_prometheus_query_language[0].query],
        flatten(local._tiles[*].charts)[*].filter,
      ) : length(filter) <= 2048
    ])
    error_message = "A filter is longer than Monitoring accepts."
  }
  assert {
    condition = alltrue([
      for source in var.sources :
      length([for policy in google_monitoring_alert_policy.freshness : policy if strcontains(policy.conditions[length(policy.conditions) - 1].condition_threshold[0].filter, "\"${source}\"")]) == 1
      && length([for policy in google_monitoring_alert_policy.silent : policy if strcontains(policy.conditions[0].condition_prometheus_query_language[0].query, "\"${source}\"")]) == 1
    ])
    error_message = "Every source must be in exactly one policy of each alert."
  }
  assert {
    condition     = length(flatten(values(local._job_parts))) == 600 && length(google_monitoring_alert_policy.transfer) == 10
    error_message = "Every transfer job must be in a policy."
  }
  assert {
    condition     = length([for policy in google_monitoring_alert_policy.freshness : policy if length(policy.conditions) == 3]) == 1
    error_message = "The sweep belongs to no source, so one policy only must miss it."
  }
  assert {
    condition     = length(distinct(values(google_monitoring_alert_policy.freshness)[*].display_name)) == 8 && google_monitoring_alert_policy.freshness["2"].display_name == "cloud-billing-data: nothing loaded for 36 hours (2 of 8)"
    error_message = "Policies of one alert must have different names."
  }
}
