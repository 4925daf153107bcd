//! Dossiers and their progress as the national portal has them (`DongBoHoSoMC`, `CapNhatTienDoHoSoMC`): its
//! names, every scalar a text. Members that stand not here are no fault: the ledger keeps all that came.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::codec::{list, scalar};
use super::ledger::model::PortalService;

/// Declares what the portal exchanges: scalars, then lists, each under the portal's name.
macro_rules! portal {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident {
        $($(#[doc = $doc:expr])+ $field:ident: $portal:tt,)*
        $(; $($(#[doc = $list_doc:expr])+ $list:ident: [$item:ty] $list_portal:tt,)*)?
    }) => {
        #[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[doc = $doc])+
            #[serde(default, rename = $portal, deserialize_with = "scalar")]
            pub $field: String,)*
            $($($(#[doc = $list_doc])+
            #[serde(default, rename = $list_portal, deserialize_with = "list")]
            pub $list: Vec<$item>,)*)?
        }

        // It holds personal data, which belong in no log.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

portal! {
    /// An identity number of an owner (số định danh chủ hồ sơ).
    pub struct PortalIdentity {
        /// Kind: `1` of twelve digits, `2` of nine (loại định danh).
        kind: "LoaiDinhDanh",
        /// The number (số định danh).
        number: "SoDinhDanh",
    }
}

portal! {
    /// A database that was used for a dossier (cơ sở dữ liệu đã kết nối).
    pub struct PortalDatabase {
        /// Its code (mã cơ sở dữ liệu).
        code: "MaCSDL",
    }
}

portal! {
    /// A paper of a dossier (tài liệu nộp).
    pub struct PortalPaper {
        /// The file (mã tệp đính kèm).
        file_id: "TepDinhKemId",
        /// Its name (tên tệp đính kèm).
        name: "TenTepDinhKem",
        /// Whether it was taken away (đã xóa).
        is_deleted: "IsDeleted",
        /// Which paper of the procedure (mã thành phần hồ sơ).
        component_code: "MaThanhPhanHoSo",
        /// Where the file is (đường dẫn tải tệp tin).
        address: "DuongDanTaiTepTin",
        /// Whether it was digitised (được số hóa).
        digitised: "DuocSoHoa",
        /// Whether it was used again (được tái sử dụng).
        reused: "DuocTaiSuDung",
        /// Whether it came from the personal store (được lấy từ kho dữ liệu).
        from_store: "DuocLayTuKhoDMQG",
        /// The result that stands for it (mã kết quả thay thế).
        replacing_result: "MaKetQuaThayThe",
    }
}

portal! {
    /// A fee or charge (phí, lệ phí).
    pub struct PortalFee {
        /// Its name (tên phí, lệ phí).
        name: "TenPhiLePhi",
        /// Its code (mã phí, lệ phí).
        code: "MaPhiLePhi",
        /// How it is paid (hình thức thu).
        payment: "HinhThucThu",
        /// The amount in đồng (giá).
        amount: "Gia",
        /// Whether fee or charge (loại phí, lệ phí).
        kind: "LoaiPhiLePhi",
    }
}

portal! {
    /// Another paper (tệp đính kèm khác).
    pub struct PortalOtherPaper {
        /// Its name (tên giấy tờ).
        name: "TenGiayTo",
        /// How many (số lượng).
        count: "SoLuong",
        /// Kind (loại giấy tờ).
        kind: "LoaiGiayTo",
    }
}

portal! {
    /// A request for papers and what came of it (hồ sơ bổ sung).
    pub struct PortalSupplement {
        /// Its number (mã hồ sơ bổ sung).
        number: "HoSoBoSungId",
        /// Who asked (người yêu cầu bổ sung).
        asked_by: "NguoiYeuCauBoSung",
        /// What was asked for (nội dung bổ sung).
        request: "NoiDungBoSung",
        /// When (ngày bổ sung).
        asked_at: "NgayBoSung",
        /// Who took it (người tiếp nhận bổ sung).
        received_by: "NguoiTiepNhanBoSung",
        /// What was said of it (thông tin tiếp nhận).
        receipt: "ThongTinTiepNhan",
        /// When it came (ngày tiếp nhận bổ sung).
        received_at: "NgayTiepNhanBoSung",
        /// Whether it came (trạng thái bổ sung).
        is_done: "TrangThaiBoSung",
        /// When it was due before (ngày hẹn trả trước).
        due_before: "NgayHenTraTruoc",
        /// When it is due since (ngày hẹn trả mới).
        due_since: "NgayHenTraMoi",
    }
}

portal! {
    /// A result of a dossier (giấy tờ kết quả).
    pub struct PortalResult {
        /// Its name (tên giấy tờ).
        name: "TenGiayTo",
        /// Which paper of the procedure (mã thành phần hồ sơ).
        component_code: "MaThanhPhanHoSo",
        /// The paper (mã giấy tờ).
        paper_id: "GiayToId",
        /// Where its file is (đường dẫn tệp tin kết quả).
        address: "DuongDanTepTinKetQua",
        /// The code of the result (mã giấy tờ kết quả).
        code: "MaGiayToKetQua",
    }
}

portal! {
    /// A dossier as the national portal has it (hồ sơ theo cấu trúc `DongBoHoSoMC`).
    #[schema(example = json!({
        "MaHoSo": "H13.44-261102-0007", "MaTTHC": "1.001193", "TenTTHC": "Đăng ký khai sinh",
        "MaLinhVuc": "", "TenLinhVuc": "Hộ tịch", "KenhThucHien": "2", "ChuHoSo": "Chủ hồ sơ thử nghiệm",
        "LoaiDoiTuong": "1", "NgayTiepNhan": "20261102091000", "NgayHenTra": "20261105170000",
        "TrangThaiHoSo": "4", "DonViXuLy": "Xã Phụng Hiệp", "HoSoCoThanhPhanSoHoa": "1",
        "DuocThanhToanTrucTuyen": "1", "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "000000000000"}],
        "DanhSachLePhi": [{"TenPhiLePhi": "Lệ phí hộ tịch", "MaPhiLePhi": "LP01", "HinhThucThu": "1", "Gia": "8000", "LoaiPhiLePhi": "2"}]
    }))]
    pub struct PortalDossier {
        /// Code of the dossier (mã hồ sơ).
        code: "MaHoSo",
        /// National code of the procedure (mã TTHC).
        procedure_code: "MaTTHC",
        /// Its name (tên thủ tục).
        procedure_name: "TenTTHC",
        /// Code of its field (mã lĩnh vực).
        field_code: "MaLinhVuc",
        /// Name of its field (tên lĩnh vực).
        field_name: "TenLinhVuc",
        /// How it came in (kênh thực hiện): `1` at the counter, `2` online, `3` by public post.
        channel: "KenhThucHien",
        /// The owner's paper (số giấy tờ chủ hồ sơ).
        owner_paper: "SoGiayToChuHoSo",
        /// Whose dossier it is (chủ hồ sơ).
        owner_name: "ChuHoSo",
        /// Kind of applicant (loại đối tượng): `1` citizen, `2` enterprise, `3` state agency, `4` organization.
        owner_kind: "LoaiDoiTuong",
        /// The applicant's account (mã đối tượng).
        owner_account: "MaDoiTuong",
        /// Anything else about the applicant (thông tin khác).
        other_facts: "ThongTinKhac",
        /// Electronic mail (thư điện tử).
        email: "Email",
        /// Fax (số fax, điện sao).
        fax: "Fax",
        /// Telephone (số điện thoại).
        phone: "SoDienThoai",
        /// What it is about (trích yếu hồ sơ).
        summary: "TrichYeuHoSo",
        /// When it was received (ngày tiếp nhận).
        received_at: "NgayTiepNhan",
        /// When it is due (ngày hẹn trả).
        due_at: "NgayHenTra",
        /// Status (trạng thái hồ sơ), `1` to `10`.
        status: "TrangThaiHoSo",
        /// Number of the receipt (số biên nhận).
        receipt_number: "SoBienNhan",
        /// When the result was returned (ngày trả).
        returned_at: "NgayTra",
        /// What was said of it (thông tin trả).
        return_facts: "ThongTinTra",
        /// How it is handed in (hình thức): `0` at the counter, `1` by post.
        form: "HinhThuc",
        /// When processing ended (ngày kết thúc xử lý).
        resolved_at: "NgayKetThucXuLy",
        /// The name of the agency that resolves it (đơn vị xử lý).
        resolving_unit: "DonViXuLy",
        /// A note (ghi chú).
        note: "GhiChu",
        /// Where it was handed in (nơi nộp hồ sơ).
        place: "NoiNopHoSo",
        /// Whether its papers were digitised (hồ sơ có thành phần số hóa).
        input_digitised: "HoSoCoThanhPhanSoHoa",
        /// Whether the applicant was known by `VNeID` (tài khoản được xác thực với `VNeID`).
        by_vneid: "TaiKhoanDuocXacThucVoiVNeID",
        /// Payment online (được thanh toán trực tuyến): `1` through the portal, `2` through the province's
        /// gateway, `3` not so, `0` nothing to pay.
        paid_online: "DuocThanhToanTrucTuyen",
        /// When it was refused (ngày từ chối).
        refused_at: "NgayTuChoi",
        /// When it was handed in (ngày nộp hồ sơ).
        submitted_at: "NgayNopHoSo",
        ;
        /// The owner's identity numbers (định danh chủ hồ sơ).
        identities: [PortalIdentity] "DinhDanhCHS",
        /// Databases that were used (danh sách kết nối cơ sở dữ liệu).
        databases: [PortalDatabase] "DSKetNoiCSDL",
        /// Papers (tài liệu nộp).
        papers: [PortalPaper] "TaiLieuNop",
        /// Fees and charges (danh sách lệ phí).
        fees: [PortalFee] "DanhSachLePhi",
        /// Other papers (danh sách tệp đính kèm khác).
        other_papers: [PortalOtherPaper] "DanhSachTepDinhKemKhac",
        /// Requests for papers (danh sách hồ sơ bổ sung).
        supplements: [PortalSupplement] "DanhSachHoSoBoSung",
        /// Results (danh sách giấy tờ kết quả).
        results: [PortalResult] "DanhSachGiayToKetQua",
    }
}

portal! {
    /// Progress of a dossier as the national portal has it (tiến độ theo cấu trúc `CapNhatTienDoHoSoMC`).
    #[schema(example = json!({
        "MaHoSo": "H13.44-261102-0007", "NguoiXuLy": "Người xử lý thử nghiệm", "ChucDanh": "Công chức tư pháp",
        "ThoiDiemXuLy": "20261103080000", "PhongBanXuLy": "Bộ phận Một cửa",
        "NoiDungXuLy": "Chuyển xử lý", "TrangThai": "4", "NgayBatDau": "20261103080000",
        "NgayKetThucTheoQuyDinh": "20261105170000"
    }))]
    pub struct PortalProgress {
        /// Code of the dossier (mã hồ sơ).
        code: "MaHoSo",
        /// Who handles it (người xử lý).
        handler: "NguoiXuLy",
        /// In which position (chức danh).
        position: "ChucDanh",
        /// When it was handled (thời điểm xử lý).
        handled_at: "ThoiDiemXuLy",
        /// In which office (phòng ban xử lý).
        office: "PhongBanXuLy",
        /// What was done (nội dung xử lý).
        content: "NoiDungXuLy",
        /// The status it came to (trạng thái), `1` to `10`.
        status: "TrangThai",
        /// When the step began (ngày bắt đầu).
        begun_at: "NgayBatDau",
        /// When it has to end by rule (ngày kết thúc theo quy định).
        due_at: "NgayKetThucTheoQuyDinh",
    }
}

/// What may stand in `data` of a request.
pub trait PortalEntry: serde::de::DeserializeOwned + ToSchema + Send + 'static {
    /// By which service it is sent.
    const SERVICE: PortalService;
    /// The code of the dossier that it is about.
    fn code(&self) -> &str;
    /// An example of a request.
    fn example() -> Value;
}

impl PortalEntry for PortalDossier {
    const SERVICE: PortalService = PortalService::Dossiers;

    fn code(&self) -> &str {
        &self.code
    }

    fn example() -> Value {
        json!({"service": "DongBoHoSoMC", "madonvi": "000.00.44.H13", "isUpdating": false, "data": [{
            "MaHoSo": "H13.44-261102-0007", "MaTTHC": "1.001193", "KenhThucHien": "2",
            "ChuHoSo": "Chủ hồ sơ thử nghiệm", "LoaiDoiTuong": "1", "NgayTiepNhan": "20261102091000",
            "NgayHenTra": "", "TrangThaiHoSo": "2", "DonViXuLy": "Xã Phụng Hiệp",
        }]})
    }
}

impl PortalEntry for PortalProgress {
    const SERVICE: PortalService = PortalService::Progress;

    fn code(&self) -> &str {
        &self.code
    }

    fn example() -> Value {
        json!({"service": "CapNhatTienDoHoSoMC", "madonvi": "000.00.44.H13", "data": [{
            "MaHoSo": "H13.44-261102-0007", "NguoiXuLy": "Người xử lý thử nghiệm", "ChucDanh": "Công chức tư pháp",
            "ThoiDiemXuLy": "20261103080000", "NoiDungXuLy": "Chuyển xử lý", "TrangThai": "4",
        }]})
    }
}
