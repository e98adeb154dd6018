output "accounts_project" {
  description = "Id of the project. A resource that uses it waits for the API of service accounts only."
  value       = var.setup ? google_project_service.services["iam.googleapis.com"].project : var.project_id
}

output "agent_grants" {
  description = "Members of Google's service agents, by agent, once they have their roles. Empty without setup."
  value = { for name, member in {
    artifactregistry = one(google_project_iam_member.artifactregistry_agent[*].member)
    cloudbuild       = one(google_project_iam_member.cloudbuild_agent[*].member)
    cloudfunctions   = one(google_project_iam_member.cloudfunctions_agent[*].member)
    cloudscheduler   = one(google_project_iam_member.cloudscheduler_agent[*].member)
    eventarc         = one(google_project_iam_member.eventarc_agent[*].member)
    pubsub           = one(google_project_iam_member.pubsub_agent[*].member)
    run              = one(google_project_iam_member.run_agent[*].member)
    storage          = one(google_project_iam_member.storage_publisher[*].member)
  } : name => member if var.setup }
}

output "functions_kms_key" {
  description = "The key of the functions. A resource that uses it waits until the agents can use it."
  value       = length(local._functions_kms_agents) == 0 ? var.functions_kms_key : time_sleep.functions_kms[0].triggers.functions_kms_key
}

output "kms_key" {
  description = "The key. A resource that uses it waits until the agents can use it."
  value       = local._kms_count == 0 ? var.kms_key : time_sleep.kms[0].triggers.kms_key
}

output "project_id" {
  description = "Id of the project. A resource that uses it waits until the APIs answer."
  value       = local.project_id
}

output "services" {
  description = "The APIs that the system calls."
  value       = local.services
}

output "transfer_agent" {
  description = "Service agent of Storage Transfer: the IAM member, and the unique id that AWS and Azure see as the subject."
  value = {
    member     = local.agents.transfer
    subject_id = data.google_storage_transfer_project_service_account.transfer.subject_id
  }
}
