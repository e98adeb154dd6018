output "dashboard" {
  description = "Id of the dashboard, the last part of its URL."
  value       = element(split("/", google_monitoring_dashboard.billing.id), -1)
}

output "filters" {
  description = "Cloud Logging filters of the metrics and of the log alerts, by name."
  value = {
    alerts  = { for key, alert in local.log_alerts : key => alert.filter }
    metrics = merge({ age = google_logging_metric.age.filter }, { for key, metric in google_logging_metric.counters : key => metric.filter })
  }
}

output "lines" {
  description = "Cloud Logging filter for the log lines of the functions."
  value       = local._lines
}
