module "monitoring" {
  source = "./modules/monitoring"

  freshness_hours     = var.freshness_hours
  functions           = local.function_names
  labels              = var.labels
  notification_emails = var.notification_emails
  prefix              = var.prefix
  project_id          = local.project_id
  schedule            = "${var.prefix}-sweep"
  sources             = keys(local.sources)
  transfer_jobs       = local.transfer_jobs
}
