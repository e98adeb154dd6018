output "aws_policies" {
  description = "Per AWS source, the trust policy and the permission policy of its role, as JSON. Use them on the AWS side."
  value       = { for key, transfer in module.transfer_aws : key => transfer.policies }
}

output "azure_federation" {
  description = "Per Azure source, the issuer, subject and audience of the federated credential. Use them on the Azure side."
  value       = { for key, transfer in module.transfer_azure : key => transfer.federation }
}

output "bookkeeping_bucket" {
  description = "Name of the bucket for the leases and the source code of the functions."
  value       = module.landing.bookkeeping_bucket
}

output "dashboard_url" {
  description = "URL of the dashboard."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${module.monitoring.dashboard}?project=${var.project_id}"
}

output "environment" {
  description = "Environment variables of the functions. With them, the billing command on your machine works on this deployment."
  value       = local.environment
}

output "focus_view" {
  description = "Full name of focus_costs, the view over all sources."
  value       = "${var.project_id}.${local.focus_dataset}.focus_costs"
}

output "functions" {
  description = "Names of the functions, by entry point."
  value       = module.loader.functions
}

output "landing_buckets" {
  description = "Names of the landing buckets, by provider."
  value       = module.landing.buckets
}

output "log_filters" {
  description = "Cloud Logging filters of the metrics and of the log alerts, by name."
  value       = module.monitoring.filters
}

output "logs_url" {
  description = "URL of the functions' log in the Logs Explorer."
  value       = "https://console.cloud.google.com/logs/query;query=${urlencode(module.monitoring.lines)}?project=${var.project_id}"
}

output "schedule" {
  description = "Name of the Cloud Scheduler job that calls the sweep."
  value       = module.loader.schedule
}

output "service_accounts" {
  description = "E-mail addresses of the service accounts, by task."
  value       = module.loader.service_accounts
}

output "sink_paths" {
  description = "Per source, the folder in the landing bucket that Storage Transfer copies into."
  value       = { for key, source in local.sources : key => "gs://${local.landing_buckets[source.provider]}/${source.sink_path}" }
}

output "sweep_command" {
  description = "Command that starts a sweep at once: it loads everything that has arrived. Use it after the first transfer, if you do not want to wait for the schedule."
  value       = "gcloud scheduler jobs run ${module.loader.schedule} --location=${var.region} --project=${var.project_id}"
}

output "tables" {
  description = "Per source, the full names of its table and its tracking table."
  value       = module.warehouse.tables
}

output "transfer_jobs" {
  description = "Per source, the name of its transfer job. A source with an event stream also has a daily job: SOURCE_daily."
  value       = local.transfer_jobs
}
