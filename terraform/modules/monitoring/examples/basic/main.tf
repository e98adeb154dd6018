module "monitoring" {
  source = "../.."

  freshness_hours     = 36
  functions           = ["billing-load-aws", "billing-sweep"]
  notification_emails = ["finops@example.com"]
  prefix              = "billing"
  project_id          = "acme-billing"
  schedule            = "billing-sweep"
  sources             = ["aws_cur"]
  transfer_jobs       = { aws_cur = "transferJobs/1234567890" }
}

output "filters" {
  description = "Cloud Logging filters of the metrics and of the log alerts, by name."
  value       = module.monitoring.filters
}
