export type Json =
  | string
  | number
  | boolean
  | null
  | { [key: string]: Json | undefined }
  | Json[]

export type Database = {
  github: {
    Tables: {
      accounts: {
        Row: {
          id: number
          login: string | null
          seen_at: string
          type: string | null
        }
        Insert: {
          id: number
          login?: string | null
          seen_at: string
          type?: string | null
        }
        Update: {
          id?: number
          login?: string | null
          seen_at?: string
          type?: string | null
        }
        Relationships: []
      }
      comments: {
        Row: {
          author_association: string | null
          author_id: number | null
          body: string
          captured_at: string | null
          captured_by: string | null
          column_clocks: NonNullable<Json>
          created_at: string
          deleted_at: string | null
          deletion_inferred: boolean
          diff_hunk: string | null
          fetched_at: string | null
          id: number
          in_reply_to_id: number | null
          kind: string
          listed_at: string | null
          original_commit_id: string | null
          original_line: number | null
          original_position: number | null
          original_start_line: number | null
          path: string | null
          pull_request_number: number
          pull_request_review_id: number | null
          repository_id: number
          resolved: boolean | null
          resolved_clock: string | null
          resolved_fetched_at: string | null
          side: string | null
          start_side: string | null
          subject_type: string | null
          updated_at: string
        }
        Insert: {
          author_association?: string | null
          author_id?: number | null
          body?: string
          captured_at?: string | null
          captured_by?: string | null
          column_clocks?: NonNullable<Json>
          created_at: string
          deleted_at?: string | null
          deletion_inferred?: boolean
          diff_hunk?: string | null
          fetched_at?: string | null
          id: number
          in_reply_to_id?: number | null
          kind: string
          listed_at?: string | null
          original_commit_id?: string | null
          original_line?: number | null
          original_position?: number | null
          original_start_line?: number | null
          path?: string | null
          pull_request_number: number
          pull_request_review_id?: number | null
          repository_id: number
          resolved?: boolean | null
          resolved_clock?: string | null
          resolved_fetched_at?: string | null
          side?: string | null
          start_side?: string | null
          subject_type?: string | null
          updated_at: string
        }
        Update: {
          author_association?: string | null
          author_id?: number | null
          body?: string
          captured_at?: string | null
          captured_by?: string | null
          column_clocks?: NonNullable<Json>
          created_at?: string
          deleted_at?: string | null
          deletion_inferred?: boolean
          diff_hunk?: string | null
          fetched_at?: string | null
          id?: number
          in_reply_to_id?: number | null
          kind?: string
          listed_at?: string | null
          original_commit_id?: string | null
          original_line?: number | null
          original_position?: number | null
          original_start_line?: number | null
          path?: string | null
          pull_request_number?: number
          pull_request_review_id?: number | null
          repository_id?: number
          resolved?: boolean | null
          resolved_clock?: string | null
          resolved_fetched_at?: string | null
          side?: string | null
          start_side?: string | null
          subject_type?: string | null
          updated_at?: string
        }
        Relationships: [
          {
            foreignKeyName: "comments_author_id_fkey"
            columns: ["author_id"]
            referencedRelation: "accounts"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "comments_repository_id_pull_request_number_fkey"
            columns: ["repository_id", "pull_request_number"]
            referencedRelation: "pull_requests"
            referencedColumns: ["repository_id", "number"]
          },
        ]
      }
      installations: {
        Row: {
          account_id: number | null
          column_clocks: NonNullable<Json>
          created_at: string | null
          deleted_at: string | null
          id: number
          repository_selection: string | null
          suspended_at: string | null
          updated_at: string | null
        }
        Insert: {
          account_id?: number | null
          column_clocks?: NonNullable<Json>
          created_at?: string | null
          deleted_at?: string | null
          id: number
          repository_selection?: string | null
          suspended_at?: string | null
          updated_at?: string | null
        }
        Update: {
          account_id?: number | null
          column_clocks?: NonNullable<Json>
          created_at?: string | null
          deleted_at?: string | null
          id?: number
          repository_selection?: string | null
          suspended_at?: string | null
          updated_at?: string | null
        }
        Relationships: []
      }
      pull_request_files: {
        Row: {
          additions: number | null
          changes: number | null
          deletions: number | null
          filename: string
          filename_sha256: string
          previous_filename: string | null
          pull_request_number: number
          repository_id: number
          status: string | null
        }
        Insert: {
          additions?: number | null
          changes?: number | null
          deletions?: number | null
          filename: string
          filename_sha256?: never
          previous_filename?: string | null
          pull_request_number: number
          repository_id: number
          status?: string | null
        }
        Update: {
          additions?: number | null
          changes?: number | null
          deletions?: number | null
          filename?: string
          filename_sha256?: never
          previous_filename?: string | null
          pull_request_number?: number
          repository_id?: number
          status?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "pull_request_files_repository_id_pull_request_number_fkey"
            columns: ["repository_id", "pull_request_number"]
            referencedRelation: "pull_requests"
            referencedColumns: ["repository_id", "number"]
          },
        ]
      }
      pull_requests: {
        Row: {
          active_lock_reason: string | null
          additions: number | null
          assignees: number[]
          author_association: string | null
          author_id: number | null
          auto_merge_method: string | null
          base_ref: string | null
          base_sha: string | null
          body: string | null
          captured_at: string | null
          captured_by: string | null
          changed_files: number | null
          closed_at: string | null
          column_clocks: NonNullable<Json>
          comments: number | null
          comments_counted_at: string | null
          commits: number | null
          created_at: string | null
          deletions: number | null
          details_clock: string | null
          details_fetched_at: string | null
          details_requested_by: string | null
          draft: boolean | null
          files_base_ref: string | null
          files_captured_at: string | null
          files_captured_by: string | null
          files_head_sha: string | null
          files_truncated: boolean
          head_ref: string | null
          head_repository_id: number | null
          head_sha: string | null
          id: number | null
          label_ids: string[] | null
          labels: string[]
          locked: boolean | null
          merge_commit_sha: string | null
          merged: boolean | null
          merged_at: string | null
          merged_by_id: number | null
          milestone_number: number | null
          milestone_title: string | null
          number: number
          repository_id: number
          requested_reviewers: number[]
          requested_teams: string[]
          review_comments: number | null
          review_comments_counted_at: string | null
          reviewers_clock: string | null
          reviewers_fetched_at: string | null
          reviews: number | null
          reviews_counted_at: string | null
          state: string | null
          title: string | null
          updated_at: string | null
        }
        Insert: {
          active_lock_reason?: string | null
          additions?: number | null
          assignees?: number[]
          author_association?: string | null
          author_id?: number | null
          auto_merge_method?: string | null
          base_ref?: string | null
          base_sha?: string | null
          body?: string | null
          captured_at?: string | null
          captured_by?: string | null
          changed_files?: number | null
          closed_at?: string | null
          column_clocks?: NonNullable<Json>
          comments?: number | null
          comments_counted_at?: string | null
          commits?: number | null
          created_at?: string | null
          deletions?: number | null
          details_clock?: string | null
          details_fetched_at?: string | null
          details_requested_by?: string | null
          draft?: boolean | null
          files_base_ref?: string | null
          files_captured_at?: string | null
          files_captured_by?: string | null
          files_head_sha?: string | null
          files_truncated?: boolean
          head_ref?: string | null
          head_repository_id?: number | null
          head_sha?: string | null
          id?: number | null
          label_ids?: string[] | null
          labels?: string[]
          locked?: boolean | null
          merge_commit_sha?: string | null
          merged?: boolean | null
          merged_at?: string | null
          merged_by_id?: number | null
          milestone_number?: number | null
          milestone_title?: string | null
          number: number
          repository_id: number
          requested_reviewers?: number[]
          requested_teams?: string[]
          review_comments?: number | null
          review_comments_counted_at?: string | null
          reviewers_clock?: string | null
          reviewers_fetched_at?: string | null
          reviews?: number | null
          reviews_counted_at?: string | null
          state?: string | null
          title?: string | null
          updated_at?: string | null
        }
        Update: {
          active_lock_reason?: string | null
          additions?: number | null
          assignees?: number[]
          author_association?: string | null
          author_id?: number | null
          auto_merge_method?: string | null
          base_ref?: string | null
          base_sha?: string | null
          body?: string | null
          captured_at?: string | null
          captured_by?: string | null
          changed_files?: number | null
          closed_at?: string | null
          column_clocks?: NonNullable<Json>
          comments?: number | null
          comments_counted_at?: string | null
          commits?: number | null
          created_at?: string | null
          deletions?: number | null
          details_clock?: string | null
          details_fetched_at?: string | null
          details_requested_by?: string | null
          draft?: boolean | null
          files_base_ref?: string | null
          files_captured_at?: string | null
          files_captured_by?: string | null
          files_head_sha?: string | null
          files_truncated?: boolean
          head_ref?: string | null
          head_repository_id?: number | null
          head_sha?: string | null
          id?: number | null
          label_ids?: string[] | null
          labels?: string[]
          locked?: boolean | null
          merge_commit_sha?: string | null
          merged?: boolean | null
          merged_at?: string | null
          merged_by_id?: number | null
          milestone_number?: number | null
          milestone_title?: string | null
          number?: number
          repository_id?: number
          requested_reviewers?: number[]
          requested_teams?: string[]
          review_comments?: number | null
          review_comments_counted_at?: string | null
          reviewers_clock?: string | null
          reviewers_fetched_at?: string | null
          reviews?: number | null
          reviews_counted_at?: string | null
          state?: string | null
          title?: string | null
          updated_at?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "pull_requests_author_id_fkey"
            columns: ["author_id"]
            referencedRelation: "accounts"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "pull_requests_merged_by_id_fkey"
            columns: ["merged_by_id"]
            referencedRelation: "accounts"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "pull_requests_repository_id_fkey"
            columns: ["repository_id"]
            referencedRelation: "repositories"
            referencedColumns: ["id"]
          },
        ]
      }
      repositories: {
        Row: {
          archived: boolean | null
          column_clocks: NonNullable<Json>
          default_branch: string | null
          deleted_at: string | null
          fetched_at: string | null
          full_name: string | null
          history_since: string | null
          id: number
          installation_id: number | null
          installed_clock: string | null
          installed_fetched_at: string | null
          inventoried_at: string | null
          name: string | null
          owner: string | null
          private: boolean | null
          pull_requests: number | null
          pull_requests_counted_at: string | null
          removed_at: string | null
          seen_at: string
          sync_requested_at: string | null
          synced_at: string | null
          updated_at: string | null
        }
        Insert: {
          archived?: boolean | null
          column_clocks?: NonNullable<Json>
          default_branch?: string | null
          deleted_at?: string | null
          fetched_at?: string | null
          full_name?: never
          history_since?: string | null
          id: number
          installation_id?: number | null
          installed_clock?: string | null
          installed_fetched_at?: string | null
          inventoried_at?: string | null
          name?: string | null
          owner?: string | null
          private?: boolean | null
          pull_requests?: number | null
          pull_requests_counted_at?: string | null
          removed_at?: string | null
          seen_at: string
          sync_requested_at?: string | null
          synced_at?: string | null
          updated_at?: string | null
        }
        Update: {
          archived?: boolean | null
          column_clocks?: NonNullable<Json>
          default_branch?: string | null
          deleted_at?: string | null
          fetched_at?: string | null
          full_name?: never
          history_since?: string | null
          id?: number
          installation_id?: number | null
          installed_clock?: string | null
          installed_fetched_at?: string | null
          inventoried_at?: string | null
          name?: string | null
          owner?: string | null
          private?: boolean | null
          pull_requests?: number | null
          pull_requests_counted_at?: string | null
          removed_at?: string | null
          seen_at?: string
          sync_requested_at?: string | null
          synced_at?: string | null
          updated_at?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "repositories_installation_id_fkey"
            columns: ["installation_id"]
            referencedRelation: "installations"
            referencedColumns: ["id"]
          },
        ]
      }
      reviews: {
        Row: {
          author_association: string | null
          author_id: number | null
          body: string | null
          captured_at: string | null
          captured_by: string | null
          clock: string
          column_clocks: NonNullable<Json>
          commit_id: string | null
          deleted_at: string | null
          fetched_at: string | null
          id: number
          listed_at: string | null
          pull_request_number: number
          repository_id: number
          state: string | null
          submitted_at: string
        }
        Insert: {
          author_association?: string | null
          author_id?: number | null
          body?: string | null
          captured_at?: string | null
          captured_by?: string | null
          clock: string
          column_clocks?: NonNullable<Json>
          commit_id?: string | null
          deleted_at?: string | null
          fetched_at?: string | null
          id: number
          listed_at?: string | null
          pull_request_number: number
          repository_id: number
          state?: string | null
          submitted_at: string
        }
        Update: {
          author_association?: string | null
          author_id?: number | null
          body?: string | null
          captured_at?: string | null
          captured_by?: string | null
          clock?: string
          column_clocks?: NonNullable<Json>
          commit_id?: string | null
          deleted_at?: string | null
          fetched_at?: string | null
          id?: number
          listed_at?: string | null
          pull_request_number?: number
          repository_id?: number
          state?: string | null
          submitted_at?: string
        }
        Relationships: [
          {
            foreignKeyName: "reviews_author_id_fkey"
            columns: ["author_id"]
            referencedRelation: "accounts"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "reviews_repository_id_pull_request_number_fkey"
            columns: ["repository_id", "pull_request_number"]
            referencedRelation: "pull_requests"
            referencedColumns: ["repository_id", "number"]
          },
        ]
      }
    }
    Views: {
      [_ in never]: never
    }
    Functions: {
      [_ in never]: never
    }
    Enums: {
      [_ in never]: never
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">]

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never) = never,
> = DefaultSchemaTableNameOrOptions extends {
  schema: keyof DatabaseWithoutInternals
}
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] &
        DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] &
        DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R
      }
      ? R
      : never
    : never

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never) = never,
> = DefaultSchemaTableNameOrOptions extends {
  schema: keyof DatabaseWithoutInternals
}
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I
      }
      ? I
      : never
    : never

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never) = never,
> = DefaultSchemaTableNameOrOptions extends {
  schema: keyof DatabaseWithoutInternals
}
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U
      }
      ? U
      : never
    : never

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends (DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never) = never,
> = DefaultSchemaEnumNameOrOptions extends {
  schema: keyof DatabaseWithoutInternals
}
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
    : never

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends (PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never) = never,
> = PublicCompositeTypeNameOrOptions extends {
  schema: keyof DatabaseWithoutInternals
}
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
    : never

export const Constants = {
  github: {
    Enums: {},
  },
} as const
