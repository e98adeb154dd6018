module "project" {
  source = "../.."

  project_id = "acme-billing"
}

output "transfer_agent" {
  description = "Service agent of Storage Transfer."
  value       = module.project.transfer_agent
}
