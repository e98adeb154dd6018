output "aws_policies" {
  description = "By AWS source: the JSON of the role's trust policy and of its permission policy, to paste on the AWS side."
  value       = { for key, transfer in module.transfer_aws : key => transfer.policies }
}

output "azure_federation" {
  description = "By Azure source: issuer, subject and audience of the application's federated credential on the Azure side."
  value       = { for key, transfer in module.transfer_azure : key => transfer.federation }
}

output "bookkeeping_bucket" {
  description = "Bucket of the leases and of the functions' source."
  value       = module.landing.bookkeeping_bucket
}

output "dashboard_url" {
  description = "Address of the dashboard."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${module.monitoring.dashboard}?project=${var.project_id}"
}

output "environment" {
  description = "Environment of the functions; with it, make sweep and make status on a laptop see what they see."
  value       = local.environment
}

output "focus_view" {
  description = "Full name of the view over all sources."
  value       = "${var.project_id}.${local.focus_dataset}.focus_costs"
}

output "functions" {
  description = "Names of the functions by entry point."
  value       = module.loader.functions
}

output "landing_buckets" {
  description = "Landing buckets by provider."
  value       = module.landing.buckets
}

output "log_filters" {
  description = "Cloud Logging filters of the metrics and of the alerts on lines, by name."
  value       = module.monitoring.filters
}

output "logs_url" {
  description = "Address of the functions' log lines in the Logs Explorer."
  value       = "https://console.cloud.google.com/logs/query;query=${urlencode(module.monitoring.lines)}?project=${var.project_id}"
}

output "schedule" {
  description = "Name of the schedule that calls the sweep."
  value       = module.loader.schedule
}

output "service_accounts" {
  description = "E-mail addresses of the service accounts by what they do."
  value       = module.loader.service_accounts
}

output "sink_paths" {
  description = "By source: the folder in its landing bucket that Storage Transfer copies into."
  value       = { for key, source in local.sources : key => "gs://${local.landing_buckets[source.provider]}/${source.sink_path}" }
}

output "tables" {
  description = "By source: full names of its table and of its tracking table."
  value       = module.warehouse.tables
}

output "transfer_jobs" {
  description = "By source: name of its transfer job."
  value       = local.transfer_jobs
}
