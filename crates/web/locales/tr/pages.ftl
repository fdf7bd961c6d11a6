# Sayfaların metinleri.
home-title = Bölgede bugün
home-head-1 = Tek karbon piyasası.
home-head-2 = On ülke, her biri kendi hızında
home-lead = Kimin ne kadar emisyon hakkı olduğu, bu hakkın hangi fiyattan alınıp satıldığı ve bunların kanıtı. Burada yayımlanan her şey oturum açmadan okunabilir, indirilebilir ve yeniden hesaplanabilir.
home-map = Aşama ve fiyat
home-map-label = Üyelerin aşamalarına göre haritası
home-map-source = Kaynak: yürürlükteki politika, son işlemler
home-table = Aşama, fiyat ve üst sınırlarıyla üyeler
home-capped = { $count ->
    [one] Üst sınırı olan bir üye
   *[other] Üst sınırı olan { $count } üye
}
home-prices = Son fiyatlar
home-tile = önceki çağrı ihalesine göre { $change } · satılan { $volume } t · { $day }
home-open-market = Piyasaya gidin
home-chart-unit = Ton başına { $currency }, çağrı ihaleleri
home-chart-label = Çağrı ihalelerinde tahsisat fiyatları
home-chart-source = Kaynak: çağrı ihaleleri
home-finding-twice = { $name }: fiyat diğerlerinin en az iki katı
home-finding-dearest = { $name }: en yüksek fiyat
home-finding-none = Çağrı ihalelerinin fiyatları
home-bar = { $verified } / { $cap } Mt
home-caps-finding = { $over ->
    [0] Emisyonlar { $year } yılında hiçbir üst sınırı aşmadı
    [one] Emisyonlar { $year } yılında bir üst sınırı aştı
   *[other] Emisyonlar { $year } yılında { $over } üst sınırı aştı
}
home-caps-label = Üst sınırlara göre doğrulanmış emisyonlar
home-caps-source = Kaynak: kapanan son yılın doğrulanmış raporları
next-dates = Yaklaşan tarihler
next-dates-source = Kaynak: yürürlükteki politika, duyurulan ihaleler
calendar-file = Takvim (.ics)
no-dates = Yaklaşan tarih yok
latest = Son kayıtlar
pause = Güncellemeleri duraklat
prove-head = Sözümüzle yetinmeyin
prove-text = Kayıt günlüğünün bir kopyasına sahip olan herkes her kaydı yeniden okuyup denetler: zinciri, sağlama toplamlarını, değişmezleri ve her seri numarasının sahibini.

no-trades = Henüz işlem yok
no-trades-text = Fiyatlar ilk işlemle birlikte görünür.
no-calls = Henüz çağrı ihalesi yapılmadı
no-cap = Üst sınır yok
no-cap-text = Bu üyenin, bulunduğu aşamada üst sınırı yoktur.
no-years = Henüz kapanan yıl yok
no-years-text = Rakamlar, ilk uyum harfleri kesinleştiğinde görünür.
no-links = Bağlantı yok
no-links-text = Bu üye ile diğerleri arasında birim geçişi yoktur.
no-indicative = Eşleşen emir yok

price-of = { $day } tarihinde oluştu; son geçerlilik yılı { $year } olan birimler için
verified-of = { $year } yılında; üst sınır { $cap } Mt
obliged-of = { $count ->
    [one] { $year } yılı için bir tesis birim teslim etmekle yükümlü
   *[other] { $year } yılı için { $count } tesis birim teslim etmekle yükümlü
}
path-head = Üst sınır ve doğrulanmış emisyon
path-unit = Milyon ton CO₂e
path-label = Yıllara göre üst sınır ve doğrulanmış emisyon
path-source = Kaynak: yürürlükteki politika, doğrulanmış raporlar
plants-map = Tesisler
plants-map-label = Tesislerin haritası; her noktanın alanı tesisin emisyonunu gösterir
plants-placed = { $all } tesisten { $placed } tanesinin konumu bellidir; sentetik tesislerin konumu yoktur.
plants-source = Kaynak: her satırda belirtilen açık veriler
years-head = Yıl yıl
years-source = Kaynak: yürürlükteki politika ve kayıtlar
largest = En büyük tesisler
all-installations = Tüm tesisler
links-head = Bağlantılar
links-source = Kaynak: yürürlükteki politika, eş zamanlı ihaleler
basis-head = Politikanın buradaki dayanakları
basis-text = Politika dosyasının, dayanağı belirtilen anahtarları. Dayanağı belirtilmeyen her şey varsayımdır.
basis-source = Kaynak: yürürlükteki politika

markets-head = Piyasa
markets-lead = Bir ülkenin belirli bir yılı için geçerli birimler çağrı ihalelerinde, politikanın izin verdiği yerlerde seanslarda da işlem görür.
markets-open = Teslim tarihi henüz gelmemiş piyasalar
markets-none = Açık piyasa yok
markets-none-text = Piyasalar, bir yılın ilk birimleriyle açılır.
markets-products = Kanıta dayalı ürünler
calls-last = Son çağrı ihaleleri
calls-source = Kaynak: çağrı ihaleleri
days-last = İşlem yapılan son günler
days-source = Kaynak: her günün işlemleri (UTC)
market-head = { $name } piyasası
market-lead = { $year } yılı için teslim edilebilecek birimler: bu yılın ve hâlâ geçerli olan önceki yılların birimleri.
market-lead-product = { $year } yılının doğrulanmış kanıtlarına dayanarak ihraç edilen birimler: önlenen her ton için kredi ya da belirli miktarda enerji için sertifika.
phase-until = bitiş: { $at }
trades-count = { $count ->
    [one] bir işlemde
   *[other] { $count } işlemde
}
trades-last = Son işlemler
trades-source = Kaynak: borsadaki işlemler
prices-head = Kapanış fiyatları
prices-unit = Ton başına { $currency }, her günün son fiyatı
prices-unit-each = Birim başına { $currency }, her günün son fiyatı
book-head = Defterde bekleyen emirler
book-empty = Bekleyen emir yok
book-empty-text = Bir sonraki çağrı ihalesinin veya seansın emirleri burada fiyata göre toplanmış olarak görünür.
book-source = Kaynak: bekleyen emirler, fiyata göre
buy = Alış
sell = Satış

auctions-head = Tahsisat ihaleleri
auctions-lead = Hükûmetler tahsisatları kazananların tümüne tek fiyattan satar. Her sonucu herkes yeniden hesaplayabilir.
auctions-coming = Duyurulanlar
auctions-none = Duyurulan ihale yok
auctions-none-text = İhaleler, teklif süreleri başlamadan önce duyurulur.
auctions-results = Sonuçlar
auctions-no-results = Henüz ihale yapılmadı
auctions-source = Kaynak: birincil ihaleler
auction-title = İhale { $number }, { $name }
auction-sold = Satılan { $sold } t, fiyat { $price } { $currency }/t; kazananların tümü için tek fiyat.
auction-unsold = Satış olmadı: hiçbir teklif asgari fiyata ulaşmadı.
auction-cancelled = Sonuçlanmadan önce geri çekildi.
auction-coming = Duyuruldu; teklif süresinin bitişi: { $at }.
auction-counts = { $year } yılı için geçerli birimler
auction-facts = Koşullar ve sonuç
curve-head = Verilen teklifler
curve-price = Ton başına { $currency }
curve-quantity = Mt, en yüksek tekliften başlanarak toplanmış
curve-label = Toplanmış tekliflerin azalan eğrisi, arz edilen hacim ve kesiştikleri noktadaki takas fiyatı
curve-none = Teklifler, ihale sonuçlandıktan sonra gösterilir
curve-none-text = O zamana kadar kimse başkalarının tekliflerini görmez.
bids-head = Fiyata göre toplanmış teklifler
bids-source = Kaynak: sonuçlanan ihalelerin teklifleri, teklif verenler belirtilmeden
recompute = Yeniden hesaplayın
recompute-text = Bir teklif tablosunu piyasanın kendi kodu sonuçlandırır: her teklif bir satırdır, fiyatı ve miktarıyla.

coupled-head = Eş zamanlı (bağlı) ihaleler
coupled-lead = Bağlantılı piyasalar aynı anda sonuçlandırılır: fiyatlar ve piyasalar arasındaki akışlar birlikte bulunur, kazanç paylaşılır.
coupled-map = Üyeler arasındaki akışlar
coupled-title = Eş zamanlı ihale { $number }
coupled-at = Sonuçlanma zamanı: { $at }.
coupled-prices = Fiyatlar
coupled-source = Kaynak: eş zamanlı ihaleler
flows-head = Akışlar, kısıt gelirleri ve harçlar
flows-none = Henüz akış olmadı
flows-none-text = Akışlar ilk eş zamanlı ihaleyle birlikte görünür.
flows-nothing = Akış olmadı
flows-source = Kaynak: eş zamanlı ihaleler
flow-told = { $from } → { $to }: { $quantity } t

registry-head = Kayıt sistemi raporları
registry-lead = Hesaplar, tesisler, tahsisat, uyum ve işlemler hakkında kuralların yayımlanmasını öngördüğü bilgiler; her biri hem tablo hem dosya olarak.
reports-registry = Kayıt sistemi
reports-market = Piyasalar
reports-evidence = Kanıtlar, sertifikalar, krediler
reports-history = Geçmiş
list-source = Kaynak: kayıtlar
list-empty = Uygun sonuç yok
list-empty-text = Daha fazlasını görmek için bir filtreyi kaldırın.
filter = Filtrele
filter-text = Metin
filter-all = Tümü
filter-none = Filtresiz

plant-emitted = { $year } yılında { $tonnes } t
plant-proxy = İşletmecisi tarafından raporlanmamıştır: bkz. Veriler hakkında.
plant-facts = Bilinenler
plant-where = Konumu
plant-nowhere = Bilinen bir konumu yok
plant-nowhere-text = Sentetik tesisler, hiçbir açık tabloda yer almayan tesisleri temsil eder.
map-source = Şekiller: Natural Earth
plant-years = Yıl yıl
compliance-source = Kaynak: doğrulanmış raporlar, teslimler
letters-mean = A: yükümlü olduğu birimlerin tümünü teslim etti. B: daha azını teslim etti. C: bir yıl raporlanmadı. D, E, X: yetkili kurum tarafından belirlendi.

policy-head = Politika
policy-lead = Piyasa tek bir dosyadır: aşamalar, üst sınırlar, ihaleler, son tarihler, cezalar, bağlantılar. Dosya, burada göründüğü hâliyle simüle edilir, prova edilir ve uygulanır.
policy-in-force = yürürlükte
policy-versions = Sürümler
policy-none = Henüz kabul edilmiş bir politika yok
policies-source = Kaynak: kabul edilen politikalar
policy-changes = Değişiklikler
policy-file = Dosya
policy-file-text = SHA-256 özet değeri kayıtlardadır; dosyaya sahip olan herkes karşılaştırabilir.
policy-missing = Dosya burada bulunmuyor
policy-missing-text = Kayıtlarda yalnızca dosyanın özet değeri vardır; göstermek için dosyayı veri deposunun yanına koyun.

record-title = Kayıt { $record }
record-private = Bu kaydın şu anda kamuya açık bir bölümü yok
record-private-text = Emirler, teklifler, para ve yetkilendirmeler kamuya açık değildir; transferler, gecikme süreleri dolunca açıklanır.
record-source = Kaynak: kayıtlar

data-lead = Her rakamın nereden geldiği, hangi lisansla sunulduğu ve nelerin düzeltildiği.
provenance-head = Rakamlar nasıl oluştu
sources-head = Kaynaklar
source-key = Anahtar
source-publisher = Yayımlayan ve veri kümesi
source-year = Yıl
source-licence = Lisans
source-use = Kullanıldığı yer
corrections-head = Düzeltmeler
corrections-text = Kaynaklardaki değerlerde yapılan her değişiklik, gerekçesiyle.
method-head = Hesaplananlar

search-head = Arama
search-lead = Tesisler, hesaplar, ihaleler, üyeler ve politikanın satırları.
search-empty = Aradığınızı yazın
search-empty-text = Adın bir bölümü yeterlidir; hesaplar ve ihaleler numaralarıyla bulunur.
search-none = “{ $text }” için sonuç bulunamadı

sim-head = Kurallar farklı olsaydı ne olurdu?
sim-lead = Bir ayarı değiştirin; her üye için fiyatları, akışları ve kazançları görün. Burada yapılan hiçbir şey piyasayı değiştirmez.
sim-scenario = Senaryo
sim-reset = Kabul edilen politikaya dönün
sim-caps = Üst sınırlar, kabul edilene göre değişim
sim-cap-hint = { $year } yılında { $cap } Mt
sim-limits = Fiyat sınırları ve krediler, { $name }
sim-floor = Taban fiyat
sim-ceiling = Tavan fiyat
sim-price-hint = Kabul edilen: { $year } yılında { $price }; sonraki yıllarda öngörülen artışla
sim-none-adopted = Kabul edilen: yok
sim-credits = Krediler bu sınırlar içinde geçerli
sim-credit-share = Yurt içi krediler
sim-credit-hint = Her işletmecinin emisyonlarına oranı
sim-link = Bağlantı: { $from } – { $to }
sim-way-none = Yok
sim-way-one-way = Tek yönlü
sim-way-both = Çift yönlü
sim-quota = Kota
sim-quota-hint = Kabul edilen: son yılda { $quota }; { $year } yılından itibaren açık
sim-no-quota = kota yok
sim-ratio = Bir birimin karşılığı
sim-ratio-hint = Kabul edilen: { $ratio }
sim-calculate = Hesapla
sim-gain = Bölgenin kazancı, { $year }
sim-gain-note = bağlantısız duruma göre
sim-flow = Bağlantılardan geçen, { $year }
sim-flow-note = çıkan birimler
sim-emissions = Üst sınıra tabi emisyonlar, { $year }
sim-emissions-note = piyasası olan üyelerde
sim-green = Yeşil yatırım
sim-green-note = { $first }–{ $last } döneminde harekete geçirilen; varsayımlara dayanır
sim-this = Bu senaryo
sim-adopted = Kabul edilen politika
sim-price-unit = Ton başına { $currency }, reel
sim-price-label = Yıllara göre simüle edilen fiyatlar
sim-finding = { $name }: en yüksek fiyat, { $year } yılında { $price } { $currency }/t
sim-no-market = Kimsenin birim teslim yükümlülüğü yok
sim-source = Kaynak: denge modeli; { $ms } ms içinde yanıtlandı
sim-source-short = Kaynak: denge modeli
sim-who = Bağlantılardan kim kazanır
sim-who-label = Üyelerin bağlantılardan kazancı, tüm yıllar, iskonto edilmiş
sim-who-note = Tüm yıllar, ilk yıla iskonto edilmiş; bağlantısız piyasalara göre.
sim-before = Bu sonuçlara dayanmadan önce
sim-refused = Politika olarak reddedilirdi:
sim-warn-missing = { $name } { $year }: azaltım eğrisinin bittiği yerde { $quantity } Mt açık kalıyor. Üst sınırı yükseltin, önlem ekleyin ya da tavan fiyat belirleyin.
sim-warn-fined = { $name } { $year }: { $quantity } Mt için birim teslim etmek yerine ceza ödeniyor.
sim-warn-left = { $name } { $year }: { $quantity } Mt birim fazla kalıyor ve hiçbir değer taşımıyor; üst sınır emisyonların üzerinde.
sim-warn-oversold = { $name } { $year }: yılda { $quantity } Mt, ulusal hedef için gerekli olduğu hâlde satılıyor.
sim-warn-hot-air = { $name } { $year }: birim satılıyor, oysa ulusal hedef zaten gerçekleşecek emisyonların { $quantity } Mt üzerinde (sıcak hava).
sim-warn-no-table = { $name }: ulusal hedef dikkate alınmadı, çünkü ülkenin emisyonları bilinmiyor.
sim-warn-unsettled = Piyasa durulmuyor: kendi sonucunun yol açtığı değişim hâlâ { $quantity } Mt.
sim-warn-uncertain = Model bu rakamlardan emin değil. Bunlara dayanmayın.
sim-proxy = Azaltım maliyetleri ölçülmüş değil, temsilî değerlerdir.
sim-assumed = { $count ->
    [one] Girdilerden biri varsayımdır.
   *[other] Girdilerden { $count } tanesi varsayımdır.
}
sim-no-oversold = Hiçbir üye, iklim taahhüdü için kendisine gereken miktarı satmıyor.
sim-oversold = İklim taahhüdü için kendisine gereken miktarı satıyor: { $names }.
sim-year = Rakamlarla { $year }
sim-abatement = Azaltım
sim-import = Net ithalat
sim-col-gain = Bağlantı kazancı
sim-revenue = İhale geliri
sim-windfall = Beklenmedik kazanç
sim-next = Sonraki adımlar
sim-share-text = Adres senaryonun tamamını içerir: açan herkes aynı sonuçları görür.
sim-share = Bu senaryonun adresi
sim-rehearse = Bu senaryoyu prova et
sim-command = Aynı hesap kendi bilgisayarınızda
sim-coalitions = Hangi üyeler birlikte kazanır
sim-coalitions-lead = Üyelerin oluşturabileceği her grup: ortak bir piyasa, üyelerin ayrı ayrı piyasalarıyla karşılaştırılır.
sim-no-coalitions = Piyasası olan yeterli sayıda üye yok
sim-together = Birlikte
sim-each = Her biri
sim-all-gain = Hepsi kazanır
sim-holds = Kimse ayrılmaz
sim-rehearsal = Prova { $number }
sim-rehearsal-lead = Gerçek tesislerin simüle edilen işletmecileri, ilk yılları piyasanın kendi kodu üzerinde oynar.
sim-back = Senaryoya dönün
sim-waiting = Başka bir provanın bitmesi bekleniyor.
sim-playing = Prova sürüyor.
sim-may-leave = Bu sayfadan ayrılabilirsiniz; adres değişmez.
sim-failed = Prova gerçekleştirilemedi
sim-full = Çok fazla prova sırada bekliyor
sim-full-text = Biri bittiğinde yeniden deneyin.
sim-beside = Simülasyon ve prova
sim-simulated = Simülasyon
sim-auction = İhaleler
sim-call = Çağrı ihaleleri
sim-beside-source = Kaynak: denge modeli; aynı politikanın provası
yes = evet
no = hayır
