# Reads the grants from the text of the modules and from the table in README.md. A plan would show only the grants that
# one set of variables needs.

locals {
  _root  = "${path.module}/../.."
  _files = [for name in fileset(local._root, "**/*.tf") : name if !startswith(name, "tests/") && !startswith(name, ".terraform/")]
  _text  = join("\n", [for name in local._files : file("${local._root}/${name}")])
  _blocks = {
    for match in regexall("(?s)resource \"(google_[a-z0-9_]+_(?:iam_[a-z]+|dataset_access))\" \"([a-z_]+)\" \\{(.*?)\n\\}", local._text) :
    "${match[0]}.${match[1]}" => match[2]...
  }
  _rows = regexall("(?m)^\\| `(google_[a-z0-9_]+_(?:iam_member|iam_binding|dataset_access)\\.[a-z_]+)` \\| `([^`]+)`", file("${local._root}/README.md"))
}

output "described" {
  description = "Grants in the table of README.md, as resource and role."
  value       = toset([for row in local._rows : "${row[0]} ${row[1]}"])
}

output "granted" {
  description = "Grants in the modules, as resource and role."
  value       = toset([for name, bodies in local._blocks : "${name} ${try(regex("role\\s+= \"([^\"]+)\"", bodies[0])[0], "authorized views")}"])
}

output "without_reason" {
  description = "Grants without a comment above the resource or beside the role."
  value = toset([
    for name, bodies in local._blocks : name
    if length(regexall("(?m)^#[^\n]*\nresource \"${split(".", name)[0]}\" \"${split(".", name)[1]}\"", local._text)) == 0
    && length(regexall("role\\s+= \"[^\"]+\" # ", bodies[0])) == 0
  ])
}
